import { Circle, CircleMinus, CircleSlash, Clock, Hourglass, type LucideIcon } from '@lucide/vue'

/** How an agent's state looks: the sign and its colour. */
export const STATE_LOOKS: Record<string, { icon: LucideIcon; tone: string }> = {
  online: { icon: Circle, tone: 'text-ok fill-current' },
  busy: { icon: CircleMinus, tone: 'text-bad' },
  wrap_up: { icon: Hourglass, tone: 'text-info' },
  away: { icon: Clock, tone: 'text-warn' },
  offline: { icon: CircleSlash, tone: 'text-mut' },
}
