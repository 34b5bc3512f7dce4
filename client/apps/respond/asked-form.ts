import { useEffect, useState } from 'react'
import { Refusal } from '../api.ts'
import { useVisitor } from '../entrance.tsx'
import type { FormSnapshot } from '../form/arrangement.ts'
import { readForm } from './on-server.ts'

export type Asked =
  | { readonly state: 'reading' }
  | { readonly state: 'read'; readonly form: FormSnapshot }
  | { readonly state: 'failed'; readonly words: string }

/** A form as it stood at a seq, or stands now with null; and how to ask again. */
export const useAskedForm = (id: string, at: number | null): readonly [Asked, () => void] => {
  const { token } = useVisitor().identity
  const [asked, setAsked] = useState<Asked>({ state: 'reading' })
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads again
  useEffect(() => {
    const reading = new AbortController()
    readForm(token, id, at, reading.signal).then(
      (form) => setAsked({ state: 'read', form }),
      (error: unknown) => {
        if (!reading.signal.aborted) setAsked({ state: 'failed', words: wordsFor(error) })
      }
    )
    return () => reading.abort()
  }, [token, id, at, attempt])
  return [asked, () => setAttempt(attempt + 1)]
}

/** What became of a request, for whoever answers a form. @throws whatever is no answer of the server */
export const wordsFor = (error: unknown): string => {
  if (error instanceof Refusal) return refusals[error.code] ?? `The server refused: ${error.message}.`
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) return 'The server cannot be reached. Try again in a moment.'
  throw error
}

const refusals: Partial<Record<Refusal['code'], string>> = {
  forbidden: 'You may not answer this form. Its owner can let you in.',
  'room-not-found': 'There is no form at this address. The link may be cut off.',
  'room-deleted': 'This form was deleted.',
  'token-invalid': 'Your sign-in has ended. Open the link that you were given again.',
  'read-only': 'Your answers cannot be changed any more.',
  unavailable: 'The server cannot do this right now. Try again in a moment.'
}
