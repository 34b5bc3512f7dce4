/** The types that a kind gives its behaviours. tsc is the test: an expectation that is not met does not compile. */
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { s } from '../schema/storage-words.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const claim = <T extends true>(_: T): void => {}

const ballot = defineRoom({
  kind: 'ballot',
  roles: ['owner'],
  storage: { vote: s.value(z._default(z.string(), '')) },
  presence: z.object({})
})

defineRoom({
  kind: 'poll',
  roles: ['owner', 'voter'],
  storage: { result: s.value(z._default(z.string(), '')) },
  presence: z.object({}),
  create: {
    input: z.object({ title: z.string() }),
    run: ({ storage, input }) => storage.result.set(input.title)
  },
  actions: {
    close: {
      roles: ['owner'],
      input: z.object({ option: z.string() }),
      run: ({ storage, input }) => {
        claim<Equal<typeof input, { option: string }>>(true)
        storage.result.set(input.option)
      }
    },
    count: {
      roles: '*',
      input: z.object({ by: z.number() }),
      // @ts-expect-error: the result is a text
      run: ({ storage, input }) => storage.result.set(input.by)
    },
    open: {
      // @ts-expect-error: no role is named chair
      roles: ['chair'],
      input: z.unknown(),
      run: () => {}
    }
  },
  derive: {
    from: ballot,
    run: ({ storage, children }) => {
      for (const { vote } of children.values()) storage.result.set(vote)
      // @ts-expect-error: a ballot holds no count
      for (const { count } of children.values()) storage.result.set(count)
    }
  }
})
