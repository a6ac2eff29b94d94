/** What the panel wants kept, in the host's localStorage: there it belongs to the site, and is not partitioned away. */
export interface HostStore {
  all(): Record<string, string>
  set(name: string, value: string | null): unknown
  clear(): void
}

export function hostStore(site: string): HostStore {
  const prefix = `hub:${site}:`
  const all = (): Record<string, string> =>
    attempt(() => {
      const mine = Object.entries(localStorage as Record<string, string>).filter(([key]) => key.startsWith(prefix))
      return Object.fromEntries(mine.map(([key, value]) => [key.slice(prefix.length), value]))
    }) ?? {}
  const set = (name: string, value: string | null): unknown =>
    attempt(() => (value === null ? localStorage.removeItem(prefix + name) : localStorage.setItem(prefix + name, value)))
  return { all, set, clear: () => Object.keys(all()).forEach((name) => set(name, null)) }
}

/** Storage may be forbidden (sandboxed pages, privacy settings) or full: the chat goes on without it. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
