const SVG = 'xmlns="http://www.w3.org/2000/svg"'

/** The hub's `<svg>` as the address of an image, so that nothing of it can run; alone it needs its namespace. */
export const qrAddress = (svg: string): string => 'data:image/svg+xml,' + encodeURIComponent(svg.includes(SVG) ? svg : svg.replace('<svg', `<svg ${SVG}`))
