/** Updates under the client ids of others, and what others wrote brought by somebody else. */
import * as Y from 'yjs'
import { type Attack, attack, attackInSteps, section, write } from './attack.ts'
import {
  alice,
  ana,
  bob,
  cleo,
  entry,
  max,
  newId,
  next,
  olga,
  type Person,
  pia,
  rex,
  rosa,
  seededDocument,
  unit,
  updateBy
} from './attack-room.ts'
import { type Place, type RawStruct, rawUpdate } from './raw-update.ts'

/** What each may write where it may, were it under a client id of its own. */
const allowed: readonly (readonly [Person, RawStruct])[] = [
  [pia, { text: 'x', origin: unit('items/i3/body', 0) }],
  [cleo, { text: 'x', origin: unit('remarks/cleo:r1/draft', 0) }],
  [rosa, { any: ['x'], parent: 'answers', key: 'a7' }],
  [max, { any: [true], parent: 'picks', key: 'max:m7' }],
  [ana, { any: [{ coming: true }], origin: entry('rsvps', 'ana') }]
]

const foreign: readonly Attack[] = allowed.flatMap(([by, struct]) => [
  attack(
    by,
    "writes its own under the owner's client",
    write(alice.client, next(alice.client), struct),
    'client-id-taken'
  ),
  attack(
    by,
    "writes its own under a guest's client",
    write(bob.client, next(bob.client), struct),
    'client-id-taken'
  ),
  attack(
    by,
    "puts garbage over the owner's next clocks",
    write(alice.client, next(alice.client), { gc: 50 })
  ),
  attack(
    by,
    "puts deleted content over a guest's next clocks",
    write(bob.client, next(bob.client), { deleted: 50, ...placeOf(struct) })
  ),
  attack(
    by,
    "hides another's client behind its own",
    rawUpdate([section(newId, 0, struct), section(bob.client, next(bob.client), { gc: 1 })])
  ),
  attack(
    by,
    'skips over the next clocks of the owner',
    write(alice.client, next(alice.client), { skip: 5 }, struct)
  )
])

function placeOf(struct: RawStruct): Place {
  if ('gc' in struct || 'skip' in struct) return {}
  const { origin, parent, key } = struct
  return { ...(origin && { origin }), ...(parent && { parent }), ...(key && { key }) }
}

/** Alice and Bob wrote more than the room has yet. */
const written = (by: Person, change: (document: Y.Doc) => void): Uint8Array => {
  const replica = seededDocument()
  replica.clientID = by.client
  return updateBy(replica, () => change(replica))
}

const ofAlice = written(alice, (document) => document.getText('title').insert(0, 'new '))
const ofBob = written(bob, (document) => document.getMap('rsvps').set('bob', { coming: true }))

const relayed: readonly Attack[] = [pia, ana, cleo, rosa, max, rex].flatMap((by) => [
  attack(by, 'brings what the owner wrote and has not sent', ofAlice),
  attack(by, 'brings what a guest wrote and has not sent', ofBob),
  attack(
    by,
    'brings it together with all that the room has',
    Y.mergeUpdates([Y.encodeStateAsUpdate(seededDocument()), ofBob])
  )
])

const aside: readonly Attack[] = [
  attackInSteps(olga, 'brings what a guest wrote, which stays his', [[ofBob, 'taken']]),
  attackInSteps(olga, 'brings what a guest wrote, and a guest goes on under that client', [
    [ofBob, 'taken'],
    [write(newId, 0, { text: 'x', parent: 'nowhere' }), 'refused']
  ])
]

export const clientAttacks: readonly Attack[] = [...foreign, ...relayed, ...aside]
