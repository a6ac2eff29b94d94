let user = ''

/** Several people take turns at one browser: what one of them has not sent yet is kept for that one. */
export function keepFor(userId: string): void {
  user = userId
}

/** Where something of the signed-in user lies in this browser's storage. */
export const ownKey = (name: string): string => `switchboard.${name}.${user}`
