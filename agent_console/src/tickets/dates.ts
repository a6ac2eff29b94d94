/** What a `datetime-local` field shows, for a time of the hub; and back. Both in the browser's time zone. */
export function toLocalInput(time: string | null): string {
  if (!time) return ''
  const at = new Date(time)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

export function fromLocalInput(text: string): string | null {
  return text ? new Date(text).toISOString() : null
}
