/** Rooms that are attacked through both doors, and what is looked at after each attack. */
import { expect } from 'vitest'
import * as Y from 'yjs'
import { type ErrorCode, isErrorCode } from '../../schema/error-codes.ts'
import { readStorage } from '../../schema/storage.ts'
import type { Attack, Outcome } from './attack.ts'
import { plan } from './attack-kinds.ts'
import { alice, bob, type Person, seeds, updateBy } from './attack-room.ts'
import { callServer, roomPath } from './http.ts'
import type { RawClient } from './raw-client.ts'
import { awarenessMessage, syncMessage } from './raw-messages.ts'
import { RawStream } from './raw-stream.ts'
import { RawYClient } from './raw-y-client.ts'
import type { SessionWorld } from './session-world.ts'
import { seconds, signToken } from './tokens.ts'
import { waitUntil } from './wait-until.ts'

/** What the guard refuses an update as. */
const guardCodes: readonly ErrorCode[] = [
  'read-only',
  'path-refused',
  'update-malformed',
  'update-incomplete',
  'update-not-yet',
  'update-too-complex',
  'value-invalid',
  'client-id-taken'
]

/** What became of an update: by its name where it was refused. */
type Answer = 'taken' | 'nothing' | ErrorCode
type Send = (update: Uint8Array<ArrayBuffer>) => Promise<Answer>

/** The ways by which an update comes in. */
export const doors = ['HTTP', 'socket', 'y-websocket', 'stream'] as const
export type Door = (typeof doors)[number]

const hana: Person = { user: 'hana', role: 'owner', client: 31 }
const rita = { user: 'rita', role: 'reader' }

const tokens = new Map<string, Promise<string>>()

/** Good for an hour, and made once. */
const tokenOf = ({ user, role }: Pick<Person, 'user' | 'role'>): Promise<string> => {
  const key = `${user} ${role}`
  const token =
    tokens.get(key) ??
    signToken({ sub: user, name: user, exp: seconds() + 3_600, grants: [{ room: 'plan/*', role }] })
  tokens.set(key, token)
  return token
}

let rooms = 0

export class AttackedRoom {
  readonly #world: SessionWorld
  readonly #name = `plan/attacked-${++rooms}`
  /** What the room holds by right, with as many entries. */
  readonly #allowed = new Y.Doc({ guid: 'room' })
  #logged = 0
  /** Somebody who is there all the while. */
  #bystander: RawClient | null = null
  readonly #seen = new Y.Doc({ guid: 'room' })
  /** Ends what was opened for an attack. */
  readonly #leave: (() => void)[] = []
  #heardBefore = 0
  #loggedBefore = 0

  private constructor(world: SessionWorld) {
    this.#world = world
  }

  /** The room as it stands before an attack of this person. */
  static async start(world: SessionWorld, by: Person): Promise<AttackedRoom> {
    const room = new AttackedRoom(world)
    for (const { person, update } of seeds)
      if (person === alice || person === bob || person === by) await room.#writeHonestly(person, update)
    const bystander = await world.open()
    await bystander.enter(room.#name, { token: await tokenOf(rita), document: room.#seen })
    room.#bystander = bystander
    room.#heardBefore = bystander.count('update')
    room.#loggedBefore = room.#logged
    return room
  }

  /** Through these doors, one after the other. */
  async withstand(attack: Attack, through: readonly Door[] = doors): Promise<void> {
    for (const door of through) {
      await this.#attack(attack, door)
      await this.#expectAllowed()
    }
    await this.#goOn(hana, 'theme/motto')
  }

  /** Of an attack in steps some are taken: the room is not what it was. */
  async withstandOnce(attack: Attack, door: Door): Promise<void> {
    await this.#attack(attack, door)
    await this.#expectAllowed()
  }

  /** Somebody shows which client they are, as everybody does who comes, and has not written yet. */
  async announce(person: Person): Promise<void> {
    const client = await this.#world.open()
    await client.enter(this.#name, { token: await tokenOf(person) })
    client.send(awarenessMessage(this.#name, [{ id: person.client, clock: 1, state: { focus: null } }]))
    await client.settled()
  }

  /** They write, and everybody sees it. @param root a text; null: their answer to the invitation */
  async expectWrites(person: Person, root: string | null): Promise<void> {
    await this.#goOn(person, root)
  }

  /** Those whose content was attacked go on, what everybody has is what is allowed, and so is what the log has. */
  async end(): Promise<void> {
    await this.#goOn(alice, 'title')
    await this.#goOn(bob, null)
    const [entries, view] = await Promise.all([this.#world.rows(this.#name), this.#readView()])
    expect(entries.length, 'entries of the log').toBe(this.#logged)
    expectSame(folded(entries.map(({ update }) => update)), this.#allowed)
    this.#bystander?.learn(this.#name, this.#seen)
    expectSame(this.#seen, this.#allowed)
    expect(view).toEqual(JSON.parse(JSON.stringify(readStorage(plan, this.#allowed))))
    await this.#bystander?.close()
  }

  async #attack({ by, steps, codes }: Attack, door: Door): Promise<void> {
    const send = await this.#open(door, by)
    for (const [index, { update, outcome }] of steps.entries()) {
      const answer = await send(update)
      expectOutcome(answer, outcome, `${door}, step ${index + 1}`)
      if (outcome === 'taken') this.#hold(update)
      // Over HTTP the role is looked at before the update is.
      if (index === steps.length - 1 && codes.length > 0) expect([...codes, 'read-only']).toContain(answer)
    }
    for (const leave of this.#leave.splice(0)) leave()
  }

  #hold(update: Uint8Array): void {
    Y.applyUpdate(this.#allowed, update)
    this.#logged++
  }

  async #writeHonestly(person: Person, update: Uint8Array<ArrayBuffer>): Promise<void> {
    expect(await this.#post(person, update), `what ${person.user} writes`).toBe('taken')
    this.#hold(update)
  }

  /** Somebody honest writes, and everybody sees it. */
  async #goOn(person: Person, root: string | null): Promise<void> {
    const replica = copyOf(this.#allowed)
    replica.clientID = person.client
    const change = (): void => {
      if (root === null) replica.getMap('rsvps').set('bob', { coming: true })
      else replica.getText(root).insert(replica.getText(root).length, '!')
    }
    await this.#writeHonestly(person, updateBy(replica, change))
    await waitUntil(() => this.#heardSince === this.#logged - this.#loggedBefore, {
      about: 'the honest edit to be shown',
      everyMs: 1
    })
    await this.#expectAllowed()
  }

  get #heardSince(): number {
    return (this.#bystander?.count('update') ?? 0) - this.#heardBefore
  }

  /** A fresh owner gets what is allowed and no more, nothing else is logged, and nobody has seen anything. */
  async #expectAllowed(): Promise<void> {
    const answer = await this.#call('/doc', alice)
    expect(Number(answer.headers.get('roomlog-seq')), 'entries of the log').toBe(this.#logged)
    expectSame(folded([new Uint8Array(await answer.arrayBuffer())]), this.#allowed)
    await this.#bystander?.settled()
    expect(this.#heardSince, 'updates that others have seen').toBe(this.#logged - this.#loggedBefore)
    expect(this.#bystander?.ending).toBeNull()
    expect(this.#bystander?.messages('refused')).toEqual([])
  }

  async #readView(): Promise<unknown> {
    const { data } = await (await this.#call('/view', alice)).json()
    return data
  }

  async #call(rest: string, person: Person, bytes?: Uint8Array<ArrayBuffer>): Promise<Response> {
    const token = await tokenOf(person)
    return callServer(this.#world.server.url, roomPath(this.#name, rest), { token, ...(bytes && { bytes }) })
  }

  async #post(person: Person, update: Uint8Array<ArrayBuffer>): Promise<Answer> {
    const answer = await this.#call('/doc', person, update)
    const { code, changed } = await answer.json()
    if (answer.ok) return changed ? 'taken' : 'nothing'
    return code
  }

  #open(door: Door, person: Person): Promise<Send> {
    if (door === 'HTTP') return Promise.resolve((update) => this.#post(person, update))
    if (door === 'socket') return this.#openSocket(person)
    return door === 'y-websocket' ? this.#openYSocket(person) : this.#openStream(person)
  }

  /** Sends updates on a socket of its own, which has synced with the room. */
  async #openSocket(person: Person): Promise<Send> {
    const client = await this.#world.open()
    await client.enter(this.#name, { token: await tokenOf(person) })
    return async (update) => {
      const answered = client.count('status')
      client.send(syncMessage(this.#name, 2, update))
      await waitUntil(() => client.count('status') > answered || client.ending, {
        about: 'the update to be answered',
        everyMs: 1
      })
      if (client.ending === null && client.acknowledged(false) === 0) return 'taken'
      return named(client.messages('refused')[0]?.code ?? client.ending?.reason)
    }
  }

  async #openStream(person: Person): Promise<Send> {
    const client = await RawStream.open(this.#world.server.url)
    this.#leave.push(() => client.destroy())
    await client.enter(this.#name, await tokenOf(person))
    return async (update) => {
      const answered = client.count('status')
      await client.post(syncMessage(this.#name, 2, update))
      await waitUntil(() => client.count('status') > answered || client.ending, {
        about: 'the update to be answered',
        everyMs: 1
      })
      if (client.ending === null && client.acknowledged(false) === 0) return 'taken'
      return named(client.messages('refused')[0]?.code ?? client.ending?.reason)
    }
  }

  /** There is no acknowledgement here: whoever is not sent away was not refused. */
  async #openYSocket(person: Person): Promise<Send> {
    const client = await RawYClient.open(this.#world.server.wsUrl, this.#name, await tokenOf(person))
    this.#leave.push(() => client.close())
    return async (update) => {
      client.send(update)
      await client.settled()
      return client.ending === null ? 'taken' : named(client.ending.reason)
    }
  }
}

/** @throws Error where it was refused without a name */
const named = (reason = ''): ErrorCode => {
  if (!isErrorCode(reason)) throw new Error(`refused without a name: ${reason}`)
  return reason
}

const expectOutcome = (answer: Answer, outcome: Outcome, about: string): void => {
  if (outcome === 'refused') expect(guardCodes, about).toContain(answer)
  // A socket acknowledges what is there already as it does what is new.
  if (outcome === 'nothing') expect([...guardCodes, 'nothing', 'taken'], about).toContain(answer)
  if (outcome === 'taken') expect(answer, about).toBe('taken')
}

const folded = (updates: readonly Uint8Array[]): Y.Doc => {
  const document = new Y.Doc({ guid: 'room' })
  for (const update of updates) Y.applyUpdate(document, update)
  expect([document.store.pendingStructs, document.store.pendingDs], 'what waits').toEqual([null, null])
  return document
}

const copyOf = (document: Y.Doc): Y.Doc => folded([Y.encodeStateAsUpdate(document)])

/** By every struct and delete, and by what people see. */
const expectSame = (replica: Y.Doc, allowed: Y.Doc): void => {
  const [theirs, ours] = [Y.encodeStateAsUpdate(replica), Y.encodeStateAsUpdate(copyOf(allowed))]
  if (Buffer.compare(theirs, ours) === 0) return
  expect(readStorage(plan, replica)).toEqual(readStorage(plan, allowed))
  expect(Y.decodeUpdate(theirs)).toEqual(Y.decodeUpdate(ours))
}
