import { isStart, KNOCK, type Start, type ToHost, type ToPanel } from '../common/messages'

/** The host's page, over a port that only the loader holds. `origin` is what the browser says it is. */
export interface Host {
  start: Start
  origin: string
  post(message: ToHost): void
  listen(onMessage: (message: ToPanel) => void): void
}

/** Knock, and wait for the loader's answer: from the parent window only, and once. */
export function meetHost(): Promise<Host> {
  return new Promise((resolve) => {
    const onMessage = (event: MessageEvent<unknown>): void => {
      const [port] = event.ports
      if (event.source !== parent || parent === window || !isStart(event.data) || !port) return
      removeEventListener('message', onMessage)
      resolve({
        start: event.data,
        origin: event.origin,
        post: (message) => port.postMessage(message),
        listen: (onSaid) => {
          port.onmessage = (said: MessageEvent<ToPanel>) => onSaid(said.data)
        },
      })
    }
    addEventListener('message', onMessage)
    parent.postMessage(KNOCK, '*') // to whoever embeds us: it says nothing, and the frame's policy names who may
  })
}
