const APPLE = /Mac|iPhone|iPad/.test(navigator.platform)
const SHOWN: Record<string, string> = APPLE
  ? { mod: '⌘', alt: '⌥', shift: '⇧', Escape: 'Esc', Enter: '↵', Backspace: '⌫' }
  : { mod: 'Ctrl', alt: 'Alt', shift: 'Shift', Escape: 'Esc', Enter: '↵', Backspace: '⌫' }

/** One press as it is written in bindings: `j`, `?`, `Enter`, `mod+k` (Ctrl or ⌘), `mod+shift+Enter`; '' for a modifier alone. */
export function strokeOf(event: KeyboardEvent): string {
  if (['Control', 'Shift', 'Alt', 'Meta', 'Dead', 'Process', 'Unidentified'].includes(event.key)) return ''
  const mod = event.ctrlKey || event.metaKey
  const held = [mod && 'mod', event.altKey && 'alt', event.shiftKey && (event.key.length > 1 || mod || event.altKey) && 'shift']
  return [...held.filter(Boolean), keyName(event, mod || event.altKey)].join('+')
}

/** Other scripts' layouts answer to where the key lies, so that `j` is `j` on a Russian or Greek keyboard, too. */
function keyName({ key, code }: KeyboardEvent, held: boolean): string {
  if (key === ' ') return 'Space'
  if (key.length > 1) return key
  const letter = key > '~' && /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : key
  return held ? letter.toLowerCase() : letter
}

/** Whether a binding begins with a bare character: such keys can be switched off (WCAG 2.1.4). */
export const isCharacter = (keys: string): boolean => [...keys.split(' ')[0]!].length === 1

/** What stands on the keys, one text for each: `['Ctrl', 'K']`, `['g', 'i']`. */
export function shownKeys(keys: string): string[] {
  return keys.split(' ').flatMap((stroke) => {
    const parts = stroke.split(/\+(?=.)/)
    return parts.map((part) => SHOWN[part] ?? (parts.length > 1 ? part.toUpperCase() : part))
  })
}

/** Whether one of two bindings could not be pressed because the other acts before. */
export const clash = (one: string, other: string): boolean => one !== '' && (one === other || one.startsWith(other + ' ') || other.startsWith(one + ' '))
