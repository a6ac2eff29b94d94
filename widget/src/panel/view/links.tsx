import { h, type ComponentChildren } from 'preact'

const LINK = /(https?:\/\/[^\s<>"'，。；！？、）】》]+[^\s<>"'，。；！？、）】》.,;:!?)\]])/g

/** Text as it is, with web addresses to follow. What is not matched stays text. */
export const withLinks = (text: string): ComponentChildren[] =>
  text.split(LINK).map((part, index) =>
    index % 2 ? (
      <a key={index} href={part} target="_blank" rel="noopener noreferrer nofollow">
        {part}
      </a>
    ) : (
      part
    ),
  )
