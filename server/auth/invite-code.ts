/** What an invite is joined by: a link that nobody can guess, or a short code that can be read aloud. */
import { createHash } from 'node:crypto'
import { randomCode, randomLetters } from '../clock.ts'

export type InviteKind = 'link' | 'code'

/** No vowels, so that no code is a word; nothing that is read for another. */
const alphabet = 'CDFGHJKMNPRTWX3679'
const codeLength = 6
const linkLength = 22
/** What people put between the letters of a code: spaces, dashes, dots. */
const between = /[\s\-\u2010-\u2015.\u00b7\u2022]/g
const typedLengthMax = 64

export const newCode = (kind: InviteKind): string =>
  kind === 'link' ? randomCode(linkLength) : randomLetters(alphabet, codeLength)

/** A code as it was made, from what somebody has typed or followed; null: no code is like that. */
export const readCode = (text: string): { readonly kind: InviteKind; readonly code: string } | null => {
  const trimmed = text.trim()
  if (trimmed.length > typedLengthMax) return null
  if (/^[A-Za-z0-9_-]{22}$/.test(trimmed)) return { kind: 'link', code: trimmed }
  const code = trimmed.replace(between, '').toUpperCase()
  const isCode = code.length === codeLength && [...code].every((letter) => alphabet.includes(letter))
  return isCode ? { kind: 'code', code } : null
}

/** What is kept of a code. */
export const hashOf = (code: string): Buffer => createHash('sha256').update(code).digest()
