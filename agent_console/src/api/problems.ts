import { useI18n } from 'vue-i18n'

import { toast } from '../ui/toasts'
import { ApiError } from './http'

/** Says what went wrong in the user's language: by the problem's code where we know it, else in the hub's own words. */
export function useProblemText() {
  const { t, te } = useI18n()

  function problemText(error: unknown): string {
    if (!(error instanceof ApiError)) return t('problem.unexpected')
    if (te(`problem.${error.code}`)) return t(`problem.${error.code}`)
    return error.problem.detail || error.problem.title || t('problem.unexpected')
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
