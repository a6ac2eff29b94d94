// The customer's telephone: shows what came, writes to the desk. Text only, never markup.
const form = document.getElementById('text')
const status = document.getElementById('status')
const list = document.getElementById('texts')
const who = document.getElementById('who')
const mine = document.getElementById('mine')
const STATES = {
  waiting: '发送中 Sending',
  taken: '客服已收到 The desk has it',
  missed: '客服没有应答 The desk did not answer',
  queued: '排队中 Queued',
  sent: '已发出 Sent',
  delivered: '已送达 Delivered',
  undelivered: '未送达 Not delivered',
}
let items = []
let shown = ''

function element(name, className, text) {
  const made = document.createElement(name)
  if (className) made.className = className
  made.textContent = text
  return made
}

const own = () => mine.value.replace(/[\s-]/g, '')

function bubble(text) {
  const lost = text.state === 'undelivered' ? ' lost' : ''
  const time = new Date(text.at).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  const where = text.is_mine ? `→ ${text.desk}` : text.desk
  const side = text.is_mine ? ' mine' : ''
  return [element('div', `bubble${side}${lost}`, text.text), element('div', `facts${side}`, `${where} · ${time} · ${STATES[text.state] ?? text.state}`)]
}

function show() {
  const wanted = items.filter((text) => text.mine === own())
  const now = JSON.stringify([own(), wanted.map((text) => [text.id, text.state])])
  if (now === shown) return
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80
  const empty = element('p', 'empty', '还没有短信：写一条给客服。\nNothing yet: write to the desk.')
  empty.style.whiteSpace = 'pre-line'
  list.replaceChildren(...(wanted.length ? wanted.flatMap(bubble) : [empty]))
  if (atEnd || !shown) list.scrollTop = list.scrollHeight
  shown = now
}

function choose() {
  const known = [...who.options].some((option) => option.value === own())
  who.value = known ? own() : ''
  show()
}

function take(answer) {
  items = answer.items
  if (who.options.length === 0) {
    who.replaceChildren(...answer.people.map((person) => new Option(person.name, person.number)), new Option('其他人 Somebody else', ''))
    choose()
  }
  show()
}

async function refresh() {
  const answer = await fetch('/demo/phone/texts').catch(() => undefined)
  if (answer?.ok) take(await answer.json())
}

who.addEventListener('change', () => {
  mine.value = who.value
  if (!who.value) mine.focus()
  show()
})
mine.addEventListener('input', choose)

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  status.textContent = '发送中… Sending…'
  const body = JSON.stringify({ sender: mine.value, ...Object.fromEntries(new FormData(form)) })
  const sent = await fetch('/demo/phone/texts', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined)
  const answer = await sent?.json().catch(() => undefined)
  const problem = sent?.ok ? '' : (answer?.detail ?? '没有发出，请重试 Not sent, please try again')
  status.textContent = problem || '已发送 Sent'
  if (problem) return void refresh()
  form.elements.text.value = ''
  take(answer)
})

form.elements.text.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault()
    form.requestSubmit()
  }
})

void refresh()
setInterval(refresh, 1000)
