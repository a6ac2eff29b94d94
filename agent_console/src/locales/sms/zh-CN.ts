export default {
  sms: {
    count: '短信长度',
    gsm7: 'GSM-7',
    ucs2: 'Unicode',
    left: '还可写 {n} 字',
    parts: '{n} 条',
    spoken: '{encoding}，{n} 条短信，还可写 {left} 字',
    because: '{characters} 使短信改用 Unicode，每条只能写 {n} 字，而不是 160 字。',
    and_more: '{characters} 等字符（另有 {n} 个）',
    plain: '改用普通标点',
    plain_done: '已改为普通标点',
  },
  objection: { too_many_parts: '内容过长：共 {parts} 条短信，一次最多发送 {limit} 条。' },
}
