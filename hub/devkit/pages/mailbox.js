// The customer's mailbox: shows what the hub sent, writes to the hub. Text only, never markup.
const form = document.getElementById('letter')
const status = document.getElementById('status')
const list = document.getElementById('letters')
let shown = ''

function element(name, className, text) {
  const made = document.createElement(name)
  if (className) made.className = className
  made.textContent = text
  return made
}

function answer(letter) {
  form.elements.to.value = letter.reply_to
  form.elements.sender.value = letter.to.split(',')[0].trim()
  form.elements.subject.value = /^(re|回复)[:：]/i.test(letter.subject) ? letter.subject : `Re: ${letter.subject}`
  form.elements.answers.value = letter.message_id
  form.elements.text.value = ''
  form.elements.text.focus()
}

function letterElement(letter) {
  const made = element('article', 'letter', '')
  const reply = element('button', 'plain', '回复 Reply')
  reply.type = 'button'
  reply.addEventListener('click', () => answer(letter))
  const from = `${letter.sender} → ${letter.to} · ${new Date(letter.received_at).toLocaleString()}`
  made.append(element('h3', '', letter.subject || '—'), element('div', 'from', from), element('pre', '', letter.text), reply)
  return made
}

function show(letters) {
  const ids = letters.map((letter) => letter.id).join()
  if (ids === shown || letters.length === 0) return
  shown = ids
  list.replaceChildren(...letters.map(letterElement))
}

async function refresh() {
  const answer = await fetch('/demo/mailbox/letters').catch(() => undefined)
  if (answer?.ok) show((await answer.json()).items)
}

form.addEventListener('submit', async (event) => {
  event.preventDefault()
  const body = JSON.stringify(Object.fromEntries(new FormData(form)))
  const sent = await fetch('/demo/mailbox/letters', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).catch(() => undefined)
  const problem = sent?.ok ? '' : ((await sent?.json().catch(() => undefined))?.detail ?? '没有发出，请重试 Not sent, please try again')
  status.textContent = problem || '已发送 Sent'
  if (!problem) form.elements.text.value = ''
})

void refresh()
setInterval(refresh, 1500)
