import { errorCodes } from '../../../schema/error-codes.ts'
import type { Rejected } from '../../index.ts'

/** Why the server did not take a change: the rule, in words. */
export const whyRefused = ({ code, reason }: Pick<Rejected, 'code' | 'reason'>): string =>
  code === 'value-invalid'
    ? `The value is none that it takes: ${reason}.`
    : (reasons[code] ?? `${errorCodes[code].about}.`)

const reasons: Partial<Record<Rejected['code'], string>> = {
  'read-only': 'Your role in this form is to read, not to write.',
  'path-refused': 'Your role does not let you write there.',
  forbidden: 'You may not open this form any more.',
  'token-invalid': 'Your sign-in has ended.',
  'too-large': 'The change is larger than the server takes.',
  'update-malformed': 'The server could not read the change.',
  'update-incomplete': 'The change builds on something that the server does not have.',
  'update-too-complex': 'The change is too much at once: make it in smaller steps.',
  'client-id-taken': 'This tab wrote under the number of somebody else. It has a new one now: try again.'
}

/** What was picked and not typed, in words. */
export const valueWords = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

export const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1)
