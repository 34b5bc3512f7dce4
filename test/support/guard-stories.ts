/**
 * Stories of a room behind the guard, told from a seed: four people, honest ones and liars, who edit, pull, push, swap
 * content behind the server's back, reload and undo. Each step has a random of its own, so that a story that fails is
 * made smaller by leaving steps out.
 */
import * as Y from 'yjs'
import { writeScope } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { ServerDocument } from '../../server/log/server-document.ts'
import { followChanges } from '../../server/room/changes.ts'
import { ClientOwners } from '../../server/room/client-owners.ts'
import { guardUpdate, type Verdict } from '../../server/room/write-guard.ts'
import { Writing } from '../../server/room/writing.ts'
import { plan } from './attack-kinds.ts'
import { free, honestChange, undoableOf } from './guard-edits.ts'
import { lie } from './guard-lies.ts'
import { contentOf, effectsOf, replicaOf } from './guard-oracle.ts'
import { type Random, seededRandom } from './seeded-random.ts'

interface Person {
  readonly userId: string
  readonly role: string
  readonly isLiar: boolean
  document: Y.Doc
  undo: Y.UndoManager
  /** What they wrote or learned elsewhere, and have not sent. */
  unsent: Uint8Array[]
  /** They have what others wrote behind the server's back. */
  hasSwapped: boolean
}

/** What was seen on the way, over all stories. */
export interface Counts {
  checks: number
  applied: number
  changed: number
  known: number
  notNow: number
  compared: number
  liesApplied: number
  /** Logged as they came. */
  exact: number
  readonly refused: Record<string, number>
}

export const noCounts = (): Counts => ({
  checks: 0,
  applied: 0,
  changed: 0,
  known: 0,
  notNow: 0,
  compared: 0,
  liesApplied: 0,
  exact: 0,
  refused: {}
})

export interface Story {
  readonly seed: number
  /** What the steps are told from, each by itself. */
  readonly steps: readonly number[]
}

export const storyOf = (seed: number): Story => {
  const random = seededRandom(seed)
  return { seed, steps: Array.from({ length: 5 + random.below(36) }, () => random.below(2 ** 31)) }
}

/** @throws Error with what is wrong */
export const tellStory = ({ seed, steps }: Story, counts: Counts = noCounts()): void => {
  const world = new World(seed, counts)
  for (const step of steps) world.step(seededRandom(step))
  world.end()
}

/** The story without the steps that it fails without. */
export const shrink = (story: Story): Story => {
  let { steps } = story
  for (let at = steps.length - 1; at >= 0; at--) {
    const fewer = steps.toSpliced(at, 1)
    if (failureOf({ ...story, steps: fewer }) !== null) steps = fewer
  }
  return { ...story, steps }
}

export const failureOf = (story: Story, counts?: Counts): Error | null => {
  try {
    tellStory(story, counts)
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

const startAt = 1_700_000_000_000
const userIds = ['ana', 'bob', 'a/b', 'anabel']
/** Refusals that may pass once what is missing has arrived. */
const notNow: readonly string[] = ['update-not-yet', 'update-incomplete']

class World {
  readonly #definition: RoomDefinition
  readonly #counts: Counts
  readonly #people: Person[]
  readonly #logged: Uint8Array[] = []
  readonly #owners = new ClientOwners()
  /** The room as the server has it, and one that follows it and keeps what is deleted. */
  #server: Y.Doc = new ServerDocument('room')
  readonly #keeper = new Y.Doc({ guid: 'room', gc: false })
  #clients = 0
  #at = startAt

  constructor(seed: number, counts: Counts) {
    const random = seededRandom(seed)
    this.#counts = counts
    this.#definition = random.chance(50) ? plan : free
    this.#listen()
    const hasLiars = random.chance(70)
    this.#people = userIds.map((userId) => {
      const blank = new Y.Doc()
      const person: Person = {
        userId,
        role: this.#drawRole(random),
        isLiar: hasLiars && random.chance(40),
        document: blank,
        undo: new Y.UndoManager(blank),
        unsent: [],
        hasSwapped: false
      }
      this.#load(person, random, null)
      return person
    })
  }

  get #hasLiars(): boolean {
    return this.#people.some(({ isLiar }) => isLiar)
  }

  /** Mostly one that writes. */
  #drawRole(random: Random): string {
    const { roles, access } = this.#definition
    const writing = roles.filter((role) => access[role]?.write !== undefined)
    return random.pick(random.chance(90) ? writing : roles)
  }

  step(random: Random): void {
    this.#at += 1_000
    const person = random.pick(this.#people)
    if (random.chance(40)) for (let left = 1 + random.below(3); left > 0; left--) this.#edit(person, random)
    else if (random.chance(20)) this.#pull(person)
    else if (random.chance(12)) this.#swap(person, random)
    else if (random.chance(6)) this.#reload(person, random)
    else if (random.chance(4)) this.#restart()
    else if (person.isLiar && random.chance(80)) this.#lies(person, random)
    else this.#push(person, this.#honestUpdate(person, random), 'honest')
  }

  /** All of the honest catch up: what one of them lacks another has, and an owner who has seen all brings it. */
  end(): void {
    const honest = this.#people.filter(({ isLiar }) => !isLiar)
    const archivist: Person = {
      ...blankPerson('archivist', this.#definition.roles[0] ?? ''),
      document: this.#open(seededRandom(1))
    }
    this.#pull(archivist)
    for (const { document } of honest)
      Y.applyUpdate(archivist.document, Y.encodeStateAsUpdate(document), 'swap')
    this.#push(archivist, this.#lackOf(archivist), 'caught up')
    for (const person of honest) {
      this.#pull(person)
      this.#push(person, this.#lackOf(person), 'caught up')
      this.#push(person, Y.encodeStateAsUpdate(person.document), 'caught up')
    }
    this.#expectReplay()
    if (this.#hasLiars) return
    for (const person of honest) {
      this.#pull(person)
      this.#counts.compared++
      expectSame(person.document, this.#server, `${person.userId} and the server`)
    }
  }

  #edit(person: Person, random: Random): void {
    const { userId, role, document, undo } = person
    const change = honestChange({ userId, role, definition: this.#definition, random, at: this.#at })
    if (random.chance(15)) undo.undo()
    else if (random.chance(10)) undo.redo()
    else if (change !== null) document.transact(() => change(document))
    if (random.chance(30)) undo.stopCapturing()
  }

  #pull({ document }: Person): void {
    Y.applyUpdate(document, Y.encodeStateAsUpdate(this.#server, Y.encodeStateVector(document)), 'pull')
  }

  /** Only among the honest: what a liar says need not be taken. */
  #swap(person: Person, random: Random): void {
    const others = this.#people.filter((other) => other !== person && !other.isLiar)
    if (others.length === 0 || person.isLiar) return
    person.hasSwapped = true
    Y.applyUpdate(person.document, Y.encodeStateAsUpdate(random.pick(others).document), 'swap')
  }

  #reload(person: Person, random: Random): void {
    const kept = random.chance(60) ? Y.encodeStateAsUpdate(person.document) : null
    this.#load(person, random, kept)
    if (kept === null) this.#pull(person)
  }

  #load(person: Person, random: Random, kept: Uint8Array | null): void {
    const document = this.#open(random)
    if (kept !== null) Y.applyUpdate(document, kept, 'kept')
    person.document = document
    person.unsent = []
    person.undo = new Y.UndoManager(undoableOf(this.#definition, document), { captureTimeout: 1_000 })
    const relays = random.chance(30)
    document.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== 'pull' && origin !== 'kept' && (origin !== 'swap' || relays)) person.unsent.push(update)
    })
    this.#owners.announce(document.clientID, person.userId)
  }

  #open(random: Random): Y.Doc {
    const document = new Y.Doc({ gc: random.chance(80) })
    this.#clients++
    document.clientID = random.chance(50) ? this.#clients : 2 ** 32 - this.#clients
    return document
  }

  /** The node is started again: the document is read from the log. */
  #restart(): void {
    this.#expectReplay()
    const server = new ServerDocument('room')
    for (const update of this.#logged) Y.applyUpdate(server, update)
    this.#server = server
    this.#listen()
  }

  #listen(): void {
    followChanges(this.#server, (update) => {
      this.#logged.push(update)
      Y.applyUpdate(this.#keeper, update)
    })
  }

  #lackOf({ document }: Person): Uint8Array {
    return Y.encodeStateAsUpdate(document, Y.encodeStateVector(this.#server))
  }

  #honestUpdate(person: Person, random: Random): Uint8Array {
    const { document, unsent } = person
    const whole = (): Uint8Array => Y.encodeStateAsUpdate(document)
    return random.pick([
      () => unsent.shift() ?? whole(),
      () => unsent.shift() ?? whole(),
      () => unsent.splice(random.below(unsent.length + 1), 1)[0] ?? whole(),
      () => Y.mergeUpdates([...unsent.splice(0, 1 + random.below(4)), whole()].slice(0, 4)),
      () => (unsent.length > 1 ? Y.mergeUpdates(unsent.splice(0, 3)) : whole()),
      () => this.#lackOf(person),
      () => Y.diffUpdate(whole(), Y.encodeStateVector(this.#server)),
      whole
    ])()
  }

  /** Their document goes on with what the server took of it. */
  #lies(person: Person, random: Random): void {
    for (let left = 1 + random.below(3); left > 0; left--) this.#lie(person, random)
    this.#load(person, random, null)
    this.#pull(person)
  }

  #lie(person: Person, random: Random): void {
    const update = lie({
      random,
      server: this.#server,
      own: person.document.clientID,
      honest: () => this.#honestUpdate(person, random),
      others: () => Y.encodeStateAsUpdate(random.pick(this.#people).document),
      definition: this.#definition,
      userId: person.userId
    })
    // Whoever may write everything may write as anybody: that is known by the author of the entry, and not prevented.
    const isOwner = writeScope(this.#definition, person.role, person.userId).isFull
    if (!isOwner || !this.#forges(update, person.document.clientID)) this.#push(person, update, 'a lie')
  }

  /** Does it go on under the client of somebody else? */
  #forges(update: Uint8Array, own: number): boolean {
    try {
      const { to } = Y.parseUpdateMeta(update)
      return [...to].some(
        ([client, clock]) => client !== own && clock > Y.getState(this.#server.store, client)
      )
    } catch {
      // Whatever it is, Yjs does not read it.
      return false
    }
  }

  #push(person: Person, update: Uint8Array, kind: 'honest' | 'caught up' | 'a lie'): void {
    const { userId, role } = person
    const scope = writeScope(this.#definition, role, userId)
    const announced = person.document.clientID
    const by = { scope, definition: this.#definition, userId, role, owners: this.#owners, announced }
    const before = Y.encodeStateAsUpdate(this.#server)
    const roots = [...this.#server.share.keys()].join()
    const verdict = guardUpdate(this.#server, update, by)
    this.#counts.checks++
    const about = `${userId} (${role}${person.isLiar ? ', a liar' : ''}) pushes ${kind}: ${tell(verdict)}`
    if (
      Buffer.compare(before, Y.encodeStateAsUpdate(this.#server)) !== 0 ||
      roots !== [...this.#server.share.keys()].join()
    )
      throw new Error(`${about}: judging changed the document`)
    const held = { collecting: this.#server, keeping: this.#keeper }
    const writer = { scope, userId, ownerOf: (client: number) => this.#owners.ownerOf(client) }
    if (verdict.answer === 'refuse') {
      this.#counts.refused[verdict.code] = (this.#counts.refused[verdict.code] ?? 0) + 1
      if (kind === 'a lie' || person.isLiar) return
      const mayBeEarly = person.hasSwapped || notNow.includes(verdict.code)
      if (kind === 'caught up' || !mayBeEarly) throw new Error(`${about}: an honest update is refused`)
      this.#counts.notNow++
      return
    }
    if (verdict.answer === 'known') {
      this.#counts.known++
      if (kind !== 'a lie' && !person.isLiar) this.#expectNothingSeen(update, about)
      return
    }
    const effects = effectsOf(held, verdict.update, writer)
    if (effects.outcome !== 'integrates') throw new Error(`${about}: it ${effects.outcome}`)
    if (effects.offence !== null) throw new Error(`${about}: it ${effects.offence}`)
    this.#counts.applied++
    if (kind === 'a lie') this.#counts.liesApplied++
    if (effects.hasChanges) this.#counts.changed++
    this.#apply(person, verdict, about)
  }

  #apply({ userId }: Person, verdict: Extract<Verdict, { answer: 'apply' }>, about: string): void {
    for (const client of verdict.claims) {
      if (!this.#owners.claim(client, userId))
        throw new Error(`${about}: claims the client ${client} of another`)
    }
    const writing = new Writing(userId, null)
    writing.applies(verdict.exact)
    const logged = this.#logged.length
    Y.applyUpdate(this.#server, verdict.update, writing)
    if (this.#logged.length > logged + 1) throw new Error(`${about}: it is logged twice`)
    if (isCopy(this.#logged.at(-1), verdict.exact?.update)) this.#counts.exact++
    const { pendingStructs, pendingDs } = this.#server.store
    if (pendingStructs !== null || pendingDs !== null) throw new Error(`${about}: something waits`)
  }

  /** Marks that a replica tidied by itself may be left as they are; whatever people see may not. */
  #expectNothingSeen(update: Uint8Array, about: string): void {
    const before = replicaOf(this.#server)
    const after = replicaOf(this.#server)
    Y.applyUpdate(after, update)
    const seen = (document: Y.Doc): string => JSON.stringify([...contentOf(document)])
    if (seen(after) !== seen(before)) throw new Error(`${about}: an honest update is dropped`)
  }

  /** The log holds the document, and everybody who follows it has the same. */
  #expectReplay(): void {
    const replay = new Y.Doc({ guid: 'room' })
    for (const update of this.#logged) Y.applyUpdate(replay, update)
    expectSame(replay, this.#server, 'the log and the server')
    expectSame(this.#keeper, this.#server, 'who keeps what is deleted and the server')
  }
}

const isCopy = (logged: Uint8Array | undefined, update: Uint8Array | undefined): boolean =>
  logged !== undefined && update !== undefined && Buffer.compare(logged, update) === 0

const blankPerson = (userId: string, role: string): Person => {
  const document = new Y.Doc()
  return {
    userId,
    role,
    isLiar: false,
    document,
    undo: new Y.UndoManager(document),
    unsent: [],
    hasSwapped: false
  }
}

const expectSame = (a: Y.Doc, b: Y.Doc, about: string): void => {
  const [left, right] = [contentOf(a), contentOf(b)]
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    if (left.get(key) !== right.get(key))
      throw new Error(`${about} differ at ${key}: ${left.get(key)} and ${right.get(key)}`)
  }
}

const tell = (verdict: Verdict): string =>
  verdict.answer === 'refuse' ? `refused as ${verdict.code}, ${verdict.detail}` : verdict.answer
