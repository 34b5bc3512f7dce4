import { useState } from 'react'
import { after } from '../../clock.ts'
import { RoomlogError } from '../../index.ts'
import { Refusal } from '../api.ts'
import { useVisitor } from '../entrance.tsx'
import { wordsFor } from './asked-form.ts'
import { actOn } from './on-server.ts'
import { useRoom } from './response-room.ts'

export type Sending =
  | { readonly state: 'idle' }
  | { readonly state: 'sending' }
  | { readonly state: 'failed'; readonly words: string }

/** An answer that is not committed by then keeps the others back: nobody sends half of what they wrote. */
const committedWithinMs = 10_000

/** Sends the answers once all of them are committed. That they are sent is seen when the room says so. */
export const useSend = (): readonly [Sending, () => void] => {
  const { token } = useVisitor().identity
  const room = useRoom()
  const [sending, setSending] = useState<Sending>({ state: 'idle' })
  const send = async (): Promise<void> => {
    setSending({ state: 'sending' })
    const waiting = new AbortController()
    const stop = after(committedWithinMs, () => waiting.abort())
    try {
      await room.flush({ signal: waiting.signal })
      await actOn(token, room.id, 'submit')
    } catch (error) {
      setSending({ state: 'failed', words: waiting.signal.aborted ? notCommitted : whyNotSent(error) })
    } finally {
      stop()
    }
  }
  return [sending, () => void send()]
}

const notCommitted =
  'Nothing was sent: the server cannot be reached. Your answers are kept; send them when you are back online.'

/** @throws whatever is neither an answer of the server nor of the room */
const whyNotSent = (error: unknown): string => {
  if (error instanceof RoomlogError) return `Nothing was sent: ${error.message}.`
  if (!(error instanceof Refusal) || error.complaints.length === 0) return wordsFor(error)
  return `Nothing was sent. ${error.complaints.map(({ detail }) => detail).join(' ')}`
}
