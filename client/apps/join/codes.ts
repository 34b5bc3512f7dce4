/** How codes that people read to each other, and the links that stand for them, are shown and typed. */

export const codeLength = 6
const linkLength = 22

/** What somebody typed or pasted, without what is there for the eye: `cdf 9hm`, `CDF·9HM` and the whole link are one. */
export const plainCode = (typed: string): string => {
  const last = typed.trim().split('/').at(-1) ?? ''
  return last.length === linkLength ? last : last.toUpperCase().replace(/[^A-Z0-9]/g, '')
}

export const isWhole = (code: string): boolean => code.length === codeLength || code.length === linkLength

/** `CDF·9HM`: two groups of three. */
export const shownCode = (code: string): string => `${code.slice(0, 3)}·${code.slice(3)}`

/** The address that a code stands for, for links and for cameras. */
export const joinLink = (code: string): string => `${location.origin}/j/${code}`

/** Where a code is typed, as one says it: `rooms.example.org/j`. */
export const joinPlace = (): string => `${location.host}/j`
