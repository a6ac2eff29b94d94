/** Where the widget of a snippet comes from; '' if it names no address. */
export const originIn = (html: string): string => /src="(https?:\/\/[^"/]+)\//.exec(html)?.[1] ?? ''

const linear = (part: number): number => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)

/** Black or white, whichever reads better on `#rrggbb` (WCAG 2.2, contrast ratio). */
export function textOn(colour: string): '#000000' | '#ffffff' {
  const [red, green, blue] = [1, 3, 5].map((at) => linear(parseInt(colour.slice(at, at + 2), 16) / 255)) as [number, number, number]
  const light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
  return 1.05 / (light + 0.05) >= (light + 0.05) / 0.05 ? '#ffffff' : '#000000'
}

export const isColour = (value: unknown): value is string => typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)
