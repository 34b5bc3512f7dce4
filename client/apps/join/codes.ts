/** How the short codes that people read to each other are shown and typed. */

export const codeLength = 6

/** What somebody typed, without what they put in for the eye: `cdf 9hm`, `CDF-9HM` and `CDF·9HM` are one. */
export const plainCode = (typed: string): string => typed.toUpperCase().replace(/[^A-Z0-9]/g, '')

/** `CDF·9HM`: two groups of three. */
export const shownCode = (code: string): string => `${code.slice(0, 3)}·${code.slice(3)}`

/** The address that a code stands for, for links and for cameras. */
export const joinLink = (code: string): string => `${location.origin}/j/${code}`
