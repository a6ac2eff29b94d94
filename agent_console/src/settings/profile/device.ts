// Whoever is more special comes first: Edge and Opera call themselves Chrome, Chrome calls itself Safari.
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/Edg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/MicroMessenger\/(\d+)/, 'WeChat'],
  [/(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/(?:HeadlessChrome|Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/Version\/(\d+)[\d.]* .*Safari\//, 'Safari'],
]
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/iPhone/, 'iPhone'],
  [/iPad/, 'iPad'],
  [/HarmonyOS/, 'HarmonyOS'],
  [/Android/, 'Android'],
  [/Windows/, 'Windows'],
  [/CrOS/, 'ChromeOS'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux/, 'Linux'],
]

/** A User-Agent as people know it, `Firefox 145 · Windows`; of one that is none of these, the beginning. '' for none. */
export function deviceOf(agent: string): string {
  const browser = BROWSERS.map(([pattern, name]) => ({ found: pattern.exec(agent), name })).find(({ found }) => found)
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1]
  if (!browser && !system) return agent.split(' ')[0]!.slice(0, 40)
  return [browser && `${browser.name} ${browser.found![1]}`, system].filter(Boolean).join(' · ')
}

export const isPhone = (agent: string): boolean => /iPhone|iPad|Android|Mobile/.test(agent)
