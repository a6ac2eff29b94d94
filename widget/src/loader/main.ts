/** `<script async src="https://hub.example/widget/v1/loader.js" data-site="…">`: the one script a host's page loads. */
import { readOptions } from './options'
import { startWidget } from './widget'

type Command = (...args: unknown[]) => void
type Queue = Command & { q?: ArrayLike<unknown>[] }

function main(script: HTMLScriptElement | null): void {
  const site = script?.dataset.site
  if (!site || document.querySelector('hub-chat')) return
  const options = readOptions(script, site)
  const run = startWidget(options)
  const globals = window as unknown as Record<string, Queue | undefined>
  const before = globals[options.global]
  if (before && !before.q) return // somebody else's
  globals[options.global] = run
  for (const args of Array.from(before?.q ?? [])) run(args[0], args[1], args[2])
}

main(document.currentScript as HTMLScriptElement | null)
