import * as z from 'zod/mini'
import { Refusal } from '../../schema/behaviour.ts'
import { defineRoom } from '../../schema/define-room.ts'
import { s } from '../../schema/storage-words.ts'

/** A kind of somebody's own, as `ROOMLOG_KINDS` brings it. */
export const poll = defineRoom({
  kind: 'poll',
  roles: ['owner', 'voter', 'reader'],
  access: { owner: { write: ['question', 'options'] }, voter: { write: ['votes/own'] }, reader: {} },
  storage: {
    question: s.text(),
    options: s.collection({ label: s.text() }),
    votes: s.perUser(z.string()),
    result: s.value(z._default(z.nullable(z.string()), null))
  },
  presence: z.object({}),
  actions: {
    close: {
      roles: ['owner'],
      input: z.object({ option: z.string() }),
      run: ({ storage, snapshot, input }) => {
        const { option } = input
        const votes = Object.values(snapshot.votes).filter((vote) => vote === option)
        if (votes.length < 2)
          throw new Refusal('two votes are needed', [
            { path: `options/${option}`, detail: `${votes.length} votes` }
          ])
        storage.result.set(option)
      }
    }
  }
})

/** Left alone for less than a second, it says so, and how often. */
export const candle = defineRoom({
  kind: 'candle',
  roles: ['owner', 'reader'],
  storage: {
    note: s.text(),
    wentOut: s.value(z._default(z.int(), 0))
  },
  presence: z.object({}),
  idle: {
    minutes: 0.005,
    run: ({ storage, snapshot }) => storage.wentOut.set(snapshot.wentOut + 1)
  }
})

const storage = { count: s.value(z._default(z.int(), 0)) }

/** One person's count, of a `tally`. */
export const mark = defineRoom({
  kind: 'mark',
  roles: ['owner'],
  parent: { kinds: ['tally'], id: 'user', roles: {}, own: 'owner' },
  storage,
  presence: z.object({})
})

let failuresLeft = 2

/** The sum of all its marks, which fails at first. */
export const tally = defineRoom({
  kind: 'tally',
  roles: ['owner', 'reader'],
  readers: ['reader'],
  storage,
  presence: z.object({}),
  create: { input: z.unknown(), run: ({ storage }) => storage.count.set(0) },
  derive: {
    from: mark,
    run: ({ storage, children }) => {
      if (failuresLeft-- > 0) throw new Error('not yet')
      storage.count.set([...children.values()].reduce((sum, { count }) => sum + count, 0))
    }
  }
})
