import * as z from 'zod/mini'
import { type ActionContext, Refusal } from '../behaviour.ts'
import { defineRoom } from '../define-room.ts'
import { userKey } from '../storage-words.ts'
import { deriveMatches } from './swipe-matches.ts'
import { type SwipeSnapshot, swipeCreation, swipeStorage } from './swipe-storage.ts'
import { swipes } from './swipes.ts'

const idleMinutes = 30

type Context = ActionContext<typeof swipeStorage>
type ContextOf<Input extends z.ZodMiniType> = ActionContext<typeof swipeStorage, z.infer<Input>>

const cardId = z.object({ card: z.string() })

const playing = ['shortlist/own', 'choices/own']

/**
 * A deck that 2 to n people decide on. What each of them answers is in a room that only they read (`swipes`); what all
 * want comes to stand here, written by the server.
 *
 * | role       | may                                                    |
 * |------------|--------------------------------------------------------|
 * | `host`     | what members may, invite, end it                       |
 * | `member`   | join, leave, keep a shortlist, choose, undo a match    |
 * | `stranger` | nothing                                                |
 *
 * Nobody writes deck, members, progress or matches but the server: no role has the path. After 30 minutes in which
 * nothing happens it ends.
 */
export const swipe = defineRoom({
  kind: 'swipe',
  roles: ['host', 'member', 'stranger'],
  access: {
    host: { write: playing, comment: true, manage: true },
    member: { write: playing, comment: true },
    stranger: { read: false }
  },
  guests: 'stranger',
  creator: 'host',
  storage: swipeStorage,
  presence: z.object({
    /** Looks at the cards, at the matches, or at what was chosen. */
    view: z.enum(['deck', 'matches', 'choice'])
  }),
  create: { input: swipeCreation, run: (context) => create(context) },
  actions: {
    join: { roles: ['host', 'member'], input: z.unknown(), run: (context) => join(context) },
    leave: { roles: ['host', 'member'], input: z.unknown(), run: (context) => leave(context) },
    unmatch: {
      roles: ['host', 'member'],
      input: cardId,
      run: (context) => unmatch(context)
    },
    end: {
      roles: ['host'],
      input: z.unknown(),
      run: ({ storage, at }) => storage.ended.set({ at, reason: 'host' })
    }
  },
  derive: { from: swipes, run: (context) => deriveMatches(context) },
  idle: {
    minutes: idleMinutes,
    run: ({ storage, snapshot, at }) => {
      if (snapshot.ended === null) storage.ended.set({ at, reason: 'idle' })
    }
  }
})

/** The card that everybody who is in has chosen; null: they have not agreed yet. */
export const agreedCard = ({ members, choices, matches }: SwipeSnapshot): string | null => {
  const keys = Object.keys(members)
  const chosen = keys.map((key) => choices[decodeURIComponent(key)])
  const [first] = chosen
  const isMatch = first !== undefined && matches[first]?.undoneBy === null
  return isMatch && keys.length > 1 && chosen.every((one) => one === first) ? first : null
}

const create = ({ storage, input, user, at }: ContextOf<typeof swipeCreation>): void => {
  const { title, deck, rules } = input
  const twice = deck.find(({ id }, index) => deck.findIndex((one) => one.id === id) !== index)
  if (twice !== undefined)
    throw new Refusal(`two cards have the id ${twice.id}`, [{ path: 'deck', detail: 'ids differ' }])
  if (rules.quorum !== 'all' && rules.quorum > rules.peopleMax)
    throw new Refusal(`${rules.quorum} of ${rules.peopleMax} people can never agree`, [
      { path: 'rules/quorum', detail: `more than ${rules.peopleMax}` }
    ])
  storage.title.set(title)
  storage.deck.set(deck)
  storage.rules.set(rules)
  storage.members.set(userKey(user.id), { name: user.name, joinedAt: at })
}

const join = ({ storage, snapshot, user, at }: Context): void => {
  if (snapshot.ended !== null) throw new Refusal('this round has ended')
  const key = userKey(user.id)
  if (snapshot.members[key] !== undefined) return
  const { peopleMax } = snapshot.rules
  if (Object.keys(snapshot.members).length >= peopleMax)
    throw new Refusal(`${peopleMax} people are in already`)
  storage.members.set(key, { name: user.name, joinedAt: at })
}

const leave = ({ storage, user }: Context): void => {
  storage.members.remove(userKey(user.id))
  storage.progress.remove(userKey(user.id))
}

/** What everybody has seen is not unsaid: it stays, as undone. */
const unmatch = ({ storage, snapshot, input, user }: ContextOf<typeof cardId>): void => {
  const { card: id } = input
  const match = snapshot.matches[id]
  if (match === undefined)
    throw new Refusal(`${id} is no match`, [{ path: `matches/${id}`, detail: 'no match' }])
  storage.matches.set(id, { ...match, undoneBy: user.id })
}
