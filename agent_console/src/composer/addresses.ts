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
