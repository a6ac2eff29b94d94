import { h } from 'preact'

/** Drawn, not loaded; always beside a name for those who do not see it. */
export const Icon = ({ path }: { path: string }) => (
  <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={path} />
  </svg>
)

export const Cross = () => <Icon path="M6 6l12 12M18 6 6 18" />
export const Dots = () => <Icon path="M4 7h16M4 12h16M4 17h16" />
export const Clip = () => (
  <Icon path="m21 11-9 9a5.7 5.7 0 0 1-8-8l9-9a3.8 3.8 0 0 1 5.4 5.4l-9 9a1.9 1.9 0 0 1-2.7-2.7l8.3-8.3" />
)
export const Arrow = () => <Icon path="M4 12 20 4l-5 16-4-6-7-2Z" />
export const Page = () => <Icon path="M14 3H6v18h12V7l-4-4Zm0 0v4h4" />
