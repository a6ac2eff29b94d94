const SHADES: Record<string, string> = { grey: '#7b8a88', red: '#d0473e', orange: '#d97706', amber: '#c99a00', green: '#2f9e5b', teal: '#0f8f84', blue: '#3b76d6', purple: '#8754c9', pink: '#cf4b94' }

/** The names of colours a tag may have. */
export const PALETTE = Object.keys(SHADES)

/** A tag's colour as CSS: a name of the palette, or its own `#rrggbb`. */
export const shownColour = (colour: string): string => SHADES[colour] ?? (colour.startsWith('#') ? colour : SHADES.grey!)
