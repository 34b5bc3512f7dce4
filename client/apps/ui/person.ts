import type { CSSProperties } from 'react'

/** Somebody who is drawn: in a stamp, as a caret, as the colour of a tick. */
export interface Person {
  readonly id: string
  readonly name: string
  readonly you: boolean
  readonly activity: 'active' | 'idle' | 'away'
  /** Their connection was lost a moment ago; they may be back. */
  readonly stale: boolean
  /** What they are at, in words: `editing question 5`. */
  readonly where?: string
}

const tones = 10

/** One of the ten presence colours, the same for a user id everywhere and always. */
export const toneOf = (userId: string): number => {
  let hash = 0x811c9dc5
  for (const unit of userId) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193)
  return ((hash >>> 0) % tones) + 1
}

/** Sets the colours `person` and `on-person` for an element and what is in it. */
export const personColours = (userId: string): CSSProperties => {
  const tone = toneOf(userId)
  return { '--c': `var(--p${tone})`, '--on': `var(--p${tone}-on)` } as CSSProperties
}

/** Two letters: of the first and the last name, or the first two of an only one. */
export const initialsOf = (name: string): string => {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const first = [...(words.at(0) ?? '?')]
  const last = words.length > 1 ? [...(words.at(-1) ?? '')] : first.slice(1)
  return `${first[0] ?? ''}${last[0] ?? ''}`.toLocaleUpperCase()
}

export const firstNameOf = (name: string): string => name.trim().split(/\s+/)[0] || name
