import * as z from 'zod/mini'
import { callApi, Refusal } from '../api.ts'

/** Where a code has led to. */
export interface Joined {
  /** As in `form/42`. */
  readonly room: string
  readonly role: string
  /** False: they had this role or a higher one already. */
  readonly isNew: boolean
}

/** Takes in whoever the token speaks for. @throws Refusal, TypeError as `callApi` */
export const join = (token: string, code: string): Promise<Joined> =>
  callApi('/api/join', {
    token,
    body: { code },
    shape: z.object({ room: z.string(), role: z.string(), isNew: z.boolean() })
  })

export interface JoinProblem {
  readonly words: string
  /** How long to wait before another try. */
  readonly waitSeconds: number
}

/** What went wrong, for whoever has to go on. @throws whatever is no answer of the server */
export const problemOf = (error: unknown): JoinProblem => {
  if (error instanceof Refusal) return { words: wordsOf(error), waitSeconds: waitOf(error) }
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) return { words: 'The server cannot be reached. Try again.', waitSeconds: 0 }
  throw error
}

const wordsOf = ({ code, message }: Refusal): string => {
  switch (code) {
    case 'invite-invalid':
      return 'No invite has this code. It may be mistyped, used or too old: ask for a new one.'
    case 'too-many':
      return 'Too many codes were tried from here.'
    case 'token-invalid':
      return 'Your sign-in has ended. Open the link that you were given again.'
    case 'unavailable':
    case 'draining':
      return 'The server cannot look at codes right now.'
    default:
      return `The server refused: ${message}.`
  }
}

const waitOf = ({ code, retrySeconds }: Refusal): number =>
  ['too-many', 'unavailable', 'draining'].includes(code) ? (retrySeconds ?? 1) : 0
