/** Addresses in pasted or typed text, in order, without the names around them: `王 <a@b.cn>; c@d.cn` → `a@b.cn`, `c@d.cn`. */
export function splitAddresses(text: string): string[] {
  return text
    .split(/[,;，；\n]/)
    .flatMap((part) => /<([^<>]+)>/.exec(part)?.[1] ?? part.split(/\s+/))
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

export function isEmail(text: string): boolean {
  return /^[^\s@<>]+@[^\s@<>]+\.[^\s@<>.]+$/.test(text) || /^[^\s@<>]+@localhost$/.test(text)
}

/** The web or mail address that somebody typed, as a link wants it; '' when it is neither. */
export function addressIn(text: string): string {
  const typed = text.trim()
  if (isEmail(typed)) return 'mailto:' + typed
  const whole = /^[a-z][\w+.-]*:/i.test(typed) ? typed : 'https://' + typed
  return /^(?:https?:\/\/[^\s/]+\.[^\s]+|https?:\/\/localhost\S*|mailto:\S+@\S+)$/i.test(whole) ? whole : ''
}
