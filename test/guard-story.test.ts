import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { writeScope } from '../schema/access.ts'
import { document as kind } from '../schema/kinds/document.ts'
import { isPending } from '../server/log/fold.ts'
import { ClientOwners } from '../server/room/client-owners.ts'
import { guardUpdate } from '../server/room/write-guard.ts'
import { type RawSection, rawUpdate } from './support/raw-update.ts'
import { type Random, seededRandom } from './support/seeded-random.ts'
import { edit, record, startPerson } from './support/yjs-story.ts'

/** Documents on their way through the guard, as a room lets them; and what the log would then hold. */
interface World {
  readonly random: Random
  readonly seed: number
  readonly server: Y.Doc
  readonly logged: Uint8Array[]
  readonly people: readonly Person[]
}

interface Person {
  readonly document: Y.Doc
  /** What they wrote and have not sent. */
  readonly unsent: Uint8Array[]
  readonly undo: Y.UndoManager
}

const guardedBy = (role: string) => ({
  scope: writeScope(kind, role, 'ada'),
  definition: kind,
  userId: 'ada',
  role,
  owners: new ClientOwners()
})
const asWriter = guardedBy('writer')
const asReader = guardedBy('reader')

const clients = [1, 2, 200, 2 ** 32 - 1, 77_777]

const startWorld = (seed: number): World => {
  const random = seededRandom(seed)
  const server = new Y.Doc({ guid: 'room' })
  const people = Array.from({ length: 3 }, (_, index) => {
    const document = startPerson(clients[index] ?? 0, random.chance(20))
    const roots = [document.getText('text'), document.getMap('map'), document.getArray('array')]
    return { document, unsent: record(document), undo: new Y.UndoManager(roots, { captureTimeout: 0 }) }
  })
  return { random, seed, server, logged: record(server), people }
}

/** An honest update of somebody: their newest, an older one, several at once, what the room lacks, or all they have. */
const honestUpdate = ({ random, server }: World, { document, unsent }: Person): Uint8Array => {
  const whole = Y.encodeStateAsUpdate(document)
  return random.pick([
    () => unsent.shift() ?? whole,
    () => unsent.shift() ?? whole,
    () => unsent.splice(random.below(unsent.length + 1), 1)[0] ?? whole,
    () => Y.mergeUpdates([...unsent.splice(0, 1 + random.below(4)), ...unsent.splice(random.below(3), 2)]),
    () => Y.mergeUpdates([...unsent.splice(0), whole]),
    () => Y.encodeStateAsUpdate(document, Y.encodeStateVector(server)),
    () => Y.diffUpdate(whole, Y.encodeStateVector(server)),
    () => whole
  ])()
}

const goOn = ({ random, people }: World): void => {
  const { document, undo } = random.pick(people)
  const other = random.pick(people)
  random.pick([
    () => edit(random, document),
    () => document.transact(() => edit(random, document)),
    () => document.transact(() => edit(random, document)),
    () => (random.chance(50) ? undo.undo() : undo.redo()),
    () => Y.applyUpdate(document, Y.encodeStateAsUpdate(other.document), 'behind the back')
  ])()
}

const honestStep = (world: World): void => {
  const { random, server, people } = world
  const person = random.pick(people)
  if (random.chance(50)) goOn(world)
  else if (random.chance(30)) Y.applyUpdate(person.document, Y.encodeStateAsUpdate(server), 'pull')
  else sendHonest(world, honestUpdate(world, person))
}

const hostileStep = (world: World): void => {
  const { random, server, people } = world
  if (random.chance(30)) goOn(world)
  else if (random.chance(40)) send(world, madeUp(random, server))
  else if (random.chance(50)) send(world, mangled(random, honestUpdate(world, random.pick(people))))
  else send(world, honestUpdate(world, random.pick(people)))
}

const copyOf = (document: Y.Doc): Y.Doc => {
  const copy = new Y.Doc({ guid: 'room' })
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(document))
  return copy
}

type Outcome = 'integrates' | 'waits' | 'fails'

const applied = (document: Y.Doc, update: Uint8Array): Outcome => {
  try {
    Y.applyUpdate(document, update)
    return isPending(document) ? 'waits' : 'integrates'
  } catch {
    return 'fails'
  }
}

const isSame = (a: Y.Doc, b: Y.Doc): boolean => Y.equalSnapshots(Y.snapshot(a), Y.snapshot(b))

/** What the guard says of an update is what Yjs does with it. */
const sendHonest = (world: World, update: Uint8Array): void => {
  const { server, seed } = world
  const verdict = guardUpdate(server, update, asWriter)
  const copy = copyOf(server)
  const about = `seed ${seed}: ${JSON.stringify(verdict)}`
  if (verdict.answer === 'refuse') {
    expect(verdict.code, about).toBe('update-incomplete')
    expect(applied(copy, update), about).toBe('waits')
  } else {
    expect(applied(copy, update), about).toBe('integrates')
    const asApplied = copyOf(server)
    if (verdict.answer === 'apply') Y.applyUpdate(asApplied, verdict.update)
    expect(isSame(asApplied, copy), about).toBe(true)
  }
  send(world, update)
}

/** Whoever sends it: what is applied integrates, what readers may send changes nothing, and the log holds all of it. */
const send = (world: World, update: Uint8Array): void => {
  const { server, seed } = world
  const verdict = guardUpdate(server, update, asWriter)
  const forReader = guardUpdate(server, update, asReader)
  const about = `seed ${seed}: ${JSON.stringify(verdict)}, for a reader ${JSON.stringify(forReader)}`
  const before = copyOf(server)
  if (verdict.answer === 'apply') {
    expect(applied(server, verdict.update), about).toBe('integrates')
    // A reader's replica tidies marks of formats, which is dropped: to them it is known.
    if (isSame(server, before)) expect(forReader, about).toEqual({ answer: 'known' })
    else if (forReader.answer === 'refuse') expect(forReader.code, about).toBe('read-only')
    else expect(forReader, about).toEqual({ answer: 'known' })
  } else if (verdict.answer === 'known') expect(forReader, about).toEqual({ answer: 'known' })
  else {
    expect(forReader.answer, about).toBe('refuse')
    if (verdict.code === 'update-incomplete') expect(applied(before, update), about).not.toBe('integrates')
  }
}

const mangled = (random: Random, update: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(update)
  const at = random.below(bytes.length)
  const other = random.below(bytes.length)
  random.pick([
    () => bytes.set([random.below(256)], at),
    () => bytes.set([(bytes[at] ?? 0) ^ (1 << random.below(8))], at),
    () => bytes.set([(bytes[at] ?? 0) + 1], at),
    () => bytes.set([bytes[other] ?? 0], at),
    () => bytes.copyWithin(at, other)
  ])()
  return random.pick([
    bytes,
    bytes,
    bytes,
    bytes.slice(0, at),
    Buffer.concat([bytes, random.bytes(1 + random.below(3))]),
    Buffer.concat([bytes.slice(0, at), bytes.slice(other)])
  ])
}

/** Well-formed structs that refer to whatever may or may not be there. */
const madeUp = (random: Random, server: Y.Doc): Uint8Array => {
  const known = Y.decodeStateVector(Y.encodeStateVector(server))
  const clock = (client: number): number => Math.max(0, (known.get(client) ?? 0) + random.below(7) - 3)
  const id = () => {
    const client = random.pick(clients)
    return { client, clock: clock(client) }
  }
  const perhaps = <T>(value: T): T | undefined => (random.chance(40) ? value : undefined)
  const place = () => {
    const origin = perhaps(id())
    const right = perhaps(id())
    const key = perhaps(random.pick(['a', 'b']))
    return {
      ...(origin && { origin }),
      ...(right && { right }),
      ...(key !== undefined && { key }),
      parent: random.chance(50) ? id() : random.pick(['text', 'map', 'new root'])
    }
  }
  const struct = () =>
    random.pick([
      () => ({ gc: 1 + random.below(3) }),
      () => ({ skip: 1 + random.below(3) }),
      () => ({ text: random.pick(['x', 'y😀z', 'long']), ...place() }),
      () => ({ text: 'beside', origin: id() }),
      () => ({ any: [1, [2]].slice(random.below(2)), ...place() }),
      () => ({ type: random.below(7), ...place() }),
      () => ({ deleted: 2, ...place() }),
      () => ({ embed: '{}', ...place() })
    ])()
  const of = [...new Set(Array.from({ length: 1 + random.below(3) }, () => random.pick(clients)))]
  const sections: RawSection[] = of.map((client) => ({
    client,
    clock: clock(client),
    structs: Array.from({ length: 1 + random.below(4) }, struct)
  }))
  const ranges = random.chance(40)
    ? [{ client: random.pick(clients), ranges: [[random.below(9), 1 + random.below(4)]] as const }]
    : []
  return rawUpdate(sections, ranges)
}

const honestStories = 1_000
const hostileStories = 1_200
const stepsMax = 40

const tell = (seed: number, step: (world: World) => void): World => {
  const world = startWorld(seed)
  for (let left = 5 + world.random.below(stepsMax); left > 0; left--) step(world)
  return world
}

const stateOf = (document: Y.Doc): [number, number][] =>
  [...Y.decodeStateVector(Y.encodeStateVector(document))].sort(([a], [b]) => a - b)

describe('the write guard', () => {
  it('foretells what Yjs does with whatever honest people send, and the log then holds the document', () => {
    for (let seed = 1; seed <= honestStories; seed++) {
      const { server, logged } = tell(seed, honestStep)
      const replay = new Y.Doc({ guid: 'room' })
      for (const update of logged) Y.applyUpdate(replay, update)
      expect(
        Buffer.compare(Y.encodeStateAsUpdate(replay), Y.encodeStateAsUpdate(server)),
        `seed ${seed}`
      ).toBe(0)
    }
  })

  it('lets nobody bring in what does not integrate, whatever the bytes', () => {
    for (let seed = 1; seed <= hostileStories; seed++) {
      const { server, logged } = tell(seed, hostileStep)
      const replay = new Y.Doc({ guid: 'room' })
      for (const update of logged) expect(applied(replay, update), `seed ${seed}`).toBe('integrates')
      expect(stateOf(replay), `seed ${seed}`).toEqual(stateOf(server))
    }
  })
})
