/** What follows from the private swipes of all who are in: how far everybody is, and what they agree on. */
import type { DerivationContext } from '../behaviour.ts'
import { userPart } from '../parent.ts'
import { ownerOfKey } from '../storage-words.ts'
import type { SwipeSnapshot, swipeStorage } from './swipe-storage.ts'
import { type SwipesSnapshot, type swipes, vetoedBy } from './swipes.ts'

type Context = DerivationContext<typeof swipeStorage, (typeof swipes)['storage']>

/**
 * Writes what is new, and takes nothing back: what everybody has seen stays a match, also when somebody changes their
 * mind. Until then a changed mind leaves no trace.
 */
export const deriveMatches = ({ storage, snapshot, children, at }: Context): void => {
  if (snapshot.ended !== null) return
  const swipesOf = swipesByMember(snapshot, children)
  const deck = new Set(snapshot.deck.map(({ id }) => id))
  for (const [member, { answers }] of swipesOf) {
    const answered = Object.keys(answers).filter((card) => deck.has(card)).length
    if (snapshot.progress[member] !== answered) storage.progress.set(member, answered)
  }
  for (const card of agreedOn(snapshot, [...swipesOf.values()])) {
    if (snapshot.matches[card] === undefined) storage.matches.set(card, { at, undoneBy: null })
  }
}

const swipesByMember = (
  { members }: SwipeSnapshot,
  children: Context['children']
): ReadonlyMap<string, SwipesSnapshot> =>
  new Map(
    Object.keys(members).map((member) => [
      member,
      children.get(userPart(ownerOfKey(member) ?? '')) ?? { answers: {} }
    ])
  )

/** Alone nobody agrees with anybody: it takes two at least. */
const quorumMin = 2

const agreedOn = ({ deck, rules }: SwipeSnapshot, all: readonly SwipesSnapshot[]): string[] => {
  const quorum = rules.quorum === 'all' ? Math.max(quorumMin, all.length) : rules.quorum
  const vetoed = new Set(all.flatMap((one) => vetoedBy(one, rules.vetoes)))
  return deck.flatMap(({ id }) => {
    const yes = all.filter(({ answers }) => answers[id]?.answer === 'yes').length
    return yes >= quorum && !vetoed.has(id) ? [id] : []
  })
}
