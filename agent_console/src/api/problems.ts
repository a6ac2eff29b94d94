import { useI18n } from 'vue-i18n'

import { toast } from '../ui/toasts'
import { ApiError } from './http'

// Of whatever code: what a status alone says is better than words in another language.
const BY_STATUS: Record<number, string> = { 403: 'forbidden', 404: 'not_found', 429: 'rate_limited', 503: 'unavailable' }

/** It is not there, or not for this user's eyes: trying again would not help. */
export const isGone = (error: unknown): boolean => error instanceof ApiError && [403, 404].includes(error.status)

/** Says what went wrong in the user's language: by the problem's code or status where we know it, else in the hub's own words. */
export function useProblemText() {
  const { t, te } = useI18n()

  function problemText(error: unknown): string {
    if (!(error instanceof ApiError)) return t('problem.unexpected')
    if (te(`problem.${error.code}`)) return t(`problem.${error.code}`)
    const told = BY_STATUS[error.status]
    return told ? t(`problem.${told}`) : error.problem.detail || error.problem.title || t('problem.unexpected')
  }

  /** Runs an action; what fails is told in a toast. Answers whether it went well. */
  async function attempt(act: () => Promise<unknown>): Promise<boolean> {
    try {
      await act()
      return true
    } catch (error) {
      toast(problemText(error), { tone: 'bad' })
      return false
    }
  }

  return { problemText, attempt }
}
