/** Names in both languages beside each sign; few enough to be known, enough to be polite. */
const LIST = `
😀 grinning 笑 大笑|😄 smile 开心 高兴|😅 sweat_smile 尴尬 汗|😂 joy 笑哭|😊 blush 微笑 害羞|🙂 slight_smile 微笑|😉 wink 眨眼|😍 heart_eyes 喜欢 爱|🥰 loving 爱|😘 kiss 亲
😎 cool 酷|🤔 thinking 思考 想|😐 neutral 无语|🙄 rolling_eyes 白眼|😏 smirk 得意|😴 sleeping 睡 困|😢 cry 哭 难过|😭 sob 大哭|😱 scream 惊讶 吓|😡 angry 生气 怒
😞 disappointed 失望|😔 pensive 难过|😬 grimace 尴尬|🤗 hug 抱抱 拥抱|🤝 handshake 握手 合作|🙏 pray 谢谢 拜托 感谢|👍 thumbsup 赞 好|👎 thumbsdown 差|👌 ok 好的|👏 clap 鼓掌
👋 wave 你好 再见 挥手|💪 muscle 加油|✌️ victory 耶|🙌 raised_hands 太好了|👀 eyes 看|❤️ heart 爱心 心|💔 broken_heart 心碎|💯 hundred 满分|🎉 tada 庆祝 恭喜|🎁 gift 礼物
🎂 cake 生日 蛋糕|🌹 rose 玫瑰 花|🌸 blossom 樱花 花|☀️ sun 太阳|🌙 moon 月亮|⭐ star 星|🔥 fire 火|✨ sparkles 闪|⚡ zap 闪电|☕ coffee 咖啡|🍵 tea 茶|🍺 beer 啤酒
✅ check 完成 对|❌ cross 错 不|⚠️ warning 警告 注意|❓ question 问题|❗ exclamation 重要|💡 idea 想法 灵感|📌 pin 置顶|📎 paperclip 附件|📦 package 包裹 快递|🚚 truck 发货 物流
📞 phone 电话|📧 email 邮件|📅 calendar 日期 日历|⏰ alarm 闹钟 时间|⏳ hourglass 等待|🔍 search 搜索|🔒 lock 锁|🔑 key 钥匙|💰 money 钱|💳 card 银行卡 支付|🧾 receipt 发票 收据
🛒 cart 购物车|🏠 house 家|🚀 rocket 火箭|🐛 bug 虫 故障|🧧 red_packet 红包|🐼 panda 熊猫|🌏 earth 地球|➡️ right 右|⬆️ up 上|⬇️ down 下`

export interface Emoji {
  sign: string
  names: readonly string[]
}

export const EMOJI: readonly Emoji[] = LIST.trim()
  .split(/[|\n]/)
  .map((entry) => entry.trim().split(' '))
  .map(([sign, ...names]) => ({ sign: sign!, names }))

/** Signs whose name begins with the word, then those that hold it. */
export function emojiFor(word: string): Emoji[] {
  const wanted = word.toLowerCase()
  const begins = EMOJI.filter(({ names }) => names.some((name) => name.startsWith(wanted)))
  const holds = EMOJI.filter((emoji) => !begins.includes(emoji) && emoji.names.some((name) => name.includes(wanted)))
  return [...begins, ...holds].slice(0, 8)
}
