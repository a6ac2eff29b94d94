import { KNOCK, type Start, type ToHost, type ToPanel } from '../common/messages'

/** The way to the panel. What is said before the frame has knocked is covered by `start`, so it is dropped. */
export interface FrameLink {
  post(message: ToPanel): void
}

/**
 * Answer the frame's knock with a port.
 *
 * Only this very frame, and only while it shows a page of `origin`, is answered, and the answer (it carries the visitor's token)
 * goes to that origin alone.
 */
export function linkFrame(
  frame: HTMLIFrameElement,
  origin: string,
  start: () => Promise<Start>,
  onMessage: (message: ToHost) => void,
): FrameLink {
  let port: MessagePort | null = null
  addEventListener('message', (event: MessageEvent<unknown>) => {
    if (event.source !== frame.contentWindow || event.origin !== origin || event.data !== KNOCK) return
    const channel = new MessageChannel()
    port?.close()
    port = channel.port1
    port.onmessage = (said: MessageEvent<ToHost>) => onMessage(said.data)
    void start().then((message) => frame.contentWindow?.postMessage(message, origin, [channel.port2]))
  })
  return { post: (message) => port?.postMessage(message) }
}
