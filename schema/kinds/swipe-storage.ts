/** What a round of swiping holds, and what it is made from. */
import * as z from 'zod/mini'
import { type StorageShape, type StorageSnapshot, s } from '../storage-words.ts'

const deckMax = 200
const peopleMost = 20

const text = (lengthMax: number) => z.string().check(z.minLength(1), z.maxLength(lengthMax))

/** One card, as everybody sees it; `facts` are short lines below the text. */
export const card = z.object({
  id: z.string().check(z.regex(/^[\w.-]{1,64}$/)),
  title: text(120),
  text: z._default(z.string().check(z.maxLength(2_000)), ''),
  image: z._default(z.nullable(z.url({ protocol: /^https$/ })), null),
  facts: z._default(z.array(text(120)).check(z.maxLength(8)), [])
})
export type Card = z.infer<typeof card>

const deck = z.array(card).check(z.maxLength(deckMax))

const rules = z.object({
  /** How many have to say yes; all: everybody who is in. */
  quorum: z._default(z.union([z.literal('all'), z.int().check(z.minimum(2))]), 'all'),
  peopleMax: z._default(z.int().check(z.minimum(2), z.maximum(peopleMost)), 2),
  /** How many cards each person may take out of the game. */
  vetoes: z._default(z.int().check(z.minimum(0), z.maximum(5)), 1)
})
const usualRules = { quorum: 'all' as const, peopleMax: 2, vetoes: 1 }

/** What a round is made from. */
export const swipeCreation = z.object({
  title: z._default(z.string().check(z.maxLength(120)), ''),
  deck: deck.check(z.minLength(1)),
  rules: z._default(rules, usualRules)
})

export const swipeStorage = {
  title: s.value(z._default(z.string(), '')),
  rules: s.value(z._default(rules, usualRules)),
  /** The cards in their order, the same for all. */
  deck: s.value(z._default(deck, [])),
  /** By `userKey`. */
  members: s.record(s.value(z.object({ name: z.string(), joinedAt: z.number() }))),
  /** How many cards each member has answered, and nothing of what they answered. By `userKey`. */
  progress: s.record(s.value(z.int())),
  /** By card. `undoneBy`: somebody has taken their yes back after all had seen the match. */
  matches: s.record(s.value(z.object({ at: z.number(), undoneBy: z.nullable(z.string()) }))),
  shortlist: s.perUser(z.array(z.string()).check(z.maxLength(deckMax))),
  /** The card that each member wants in the end. */
  choices: s.perUser(z.string()),
  ended: s.value(z._default(z.nullable(z.object({ at: z.number(), reason: z.enum(['idle', 'host']) })), null))
} as const satisfies StorageShape

export type SwipeSnapshot = StorageSnapshot<typeof swipeStorage>
