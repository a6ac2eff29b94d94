// Put into the console's page: how long things take until they are painted, in milliseconds.
(() => {
  const MOST = 25_000 // milliseconds of scrolling
  const PATIENCE = 2000 // what takes longer counts as this
  /** The first moment after the next frame: before whatever else the page has put off until then. */
  const painted = () => new Promise((done) => requestAnimationFrame(() => scheduler.postTask(() => done(performance.now()), { priority: 'user-blocking' })))
  /** Waits, frame by frame and change by change, until `is` holds; then for the frame that shows it. */
  const until = (is) => new Promise((done) => {
    const begun = performance.now()
    const give = () => { watch.disconnect(); clearTimeout(timer); painted().then(done) }
    const watch = new MutationObserver(() => is() && give())
    const timer = setTimeout(() => { watch.disconnect(); done(begun + PATIENCE) }, PATIENCE)
    if (is()) give()
    else watch.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
  })
  const log = () => document.querySelector('[role=log]')
  const current = () => document.querySelector('[role=option][aria-current]')?.id.slice(4) ?? ''
  const message = () => log()?.querySelector('[data-message]')?.dataset.message ?? ''
  const scroller = () => document.querySelector('[role=listbox][aria-label]')

  /** The next key named: from its press to the painted frame in which another row is the open one, and in which its messages stand. */
  const pressed = (key) => new Promise((done) => {
    addEventListener('keydown', function take(event) {
      if (event.key !== key) return
      removeEventListener('keydown', take, true)
      const [before, shown] = [current(), message()]
      Promise.all([until(() => current() !== before), until(() => message() && message() !== shown)]).then(([row, thread]) => done([row - event.timeStamp, thread - event.timeStamp]))
    }, true)
  })

  /** From Enter to the painted frame with the text in the timeline. */
  const sent = (text) => new Promise((done) => {
    addEventListener('keydown', function take(event) {
      if (event.key !== 'Enter') return
      removeEventListener('keydown', take, true)
      until(() => log()?.textContent.includes(text)).then((at) => done(at - event.timeStamp))
    }, true)
  })

  /** From a click on a row, without the pointer having been over it, to its messages painted. */
  async function opened(id) {
    const begun = performance.now()
    const shown = message()
    document.getElementById('row-' + id).click()
    return (await until(() => message() && message() !== shown)) - begun
  }

  async function fetched(id) {
    const begun = performance.now()
    await (await fetch(`/api/v1/conversations/${id}/messages?limit=40`)).json()
    return performance.now() - begun
  }

  /** Times between frames while `move` runs in each of them; it says when there is no more. */
  const frames = (move) => new Promise((done) => {
    const times = []
    let last
    const step = (now) => {
      if (last !== undefined) times.push(Math.round(now - last)) // three frames are 50, not 50.1
      last = now
      if (move(times.length)) requestAnimationFrame(step)
      else done(times)
    }
    requestAnimationFrame(step)
  })

  /** Scrolls over so many rows, as fast as they come. */
  const scrolled = (rows, row, begun = performance.now()) => frames(() => {
    const list = scroller()
    list.scrollTop += 8 * row
    return performance.now() - begun < MOST && list.scrollTop < rows * row && (list.scrollTop + list.clientHeight < list.scrollHeight - 1 || list.scrollHeight < rows * row)
  })

  const rows = () => [...document.querySelectorAll('[role=listbox] [role=option]')].map((one) => one.id.slice(4))
  window.timing = { pressed, sent, opened, fetched, frames, scrolled, rows, nodes: () => document.querySelectorAll('*').length }
})()
