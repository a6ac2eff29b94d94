/** Where a provider's button leads: to the hub, which sends the browser on, and back to this page afterwards. */
export const providerAddress = (id: string, next: string): string => `/api/v1/session/oidc/${encodeURIComponent(id)}/start?next=${encodeURIComponent(next)}`

/** Six digits, however they are spaced: what a device shows. */
export const wholeCode = (typed: string): boolean => /^\d{6}$/.test(typed.replace(/[\s-]/g, ''))
