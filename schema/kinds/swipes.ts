import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { type StorageSnapshot, s } from '../storage-words.ts'

export const swipeAnswers = ['yes', 'no', 'maybe', 'veto'] as const
export type SwipeAnswer = (typeof swipeAnswers)[number]

/**
 * What one person answers to the cards of a deck: `swipes/42~ana` of `swipe/42`. Nobody else reads it, whoever hosts the
 * round included; only an operator with the role `admin` could.
 *
 * | role       | who            | may         |
 * |------------|----------------|-------------|
 * | `owner`    | the person     | write       |
 * | `stranger` | everybody else | nothing     |
 */
export const swipes = defineRoom({
  kind: 'swipes',
  roles: ['owner', 'stranger'],
  access: { owner: { write: ['answers'] }, stranger: { read: false } },
  guests: 'stranger',
  parent: { kinds: ['swipe'], id: 'user', roles: {}, own: 'owner', owners: ['host', 'member'] },
  storage: {
    /** By card; `at` by the clock of the device. Taking one back removes it. */
    answers: s.record(s.value(z.object({ answer: z.enum(swipeAnswers), at: z.number() })))
  },
  presence: z.object({})
})

export type SwipesSnapshot = StorageSnapshot<(typeof swipes)['storage']>

/** The cards that a person takes out of the game: the first so many that they said veto to, the others count as no. */
export const vetoedBy = ({ answers }: SwipesSnapshot, vetoesMax: number): readonly string[] =>
  Object.entries(answers)
    .filter(([, { answer }]) => answer === 'veto')
    .sort(([a, { at: atA }], [b, { at: atB }]) => atA - atB || (a < b ? -1 : 1))
    .slice(0, vetoesMax)
    .map(([card]) => card)
