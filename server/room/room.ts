/**
 * One open room on this node: its document, its place in the log, and the connections that are shown what was committed.
 *
 *   update applied ──▶ `edited` ──▶ log ──▶ `committed` ──▶ every connection but the one that brought it
 *
 * The document may stand before the log's head while nobody needs it: newcomers with empty hands are greeted with the
 * stored bytes, and the Y.Doc is filled when somebody writes or asks for a difference.
 */
import type { Document } from '@hocuspocus/server'
import * as Y from 'yjs'
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import type { RoomName, Seq } from '../../schema/room-name.ts'
import type { Access } from '../auth/identity.ts'
import { monotonic } from '../clock.ts'
import { foldInto, isPending, leaveUntidied } from '../log/fold.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { StoredRoom } from '../log/load.ts'
import { type Commit, RoomLog, type RoomLogListener } from '../log/room-log.ts'
import { isSnapshotDue, isSnapshotWorthClosing, type Snapshot } from '../log/snapshot.ts'
import { addressPrefix, syncFrame, syncStep } from '../session/frames.ts'
import { Presence, type Present } from '../session/presence.ts'
import type { ClientOwners } from './client-owners.ts'
import { rememberDeletes } from './guard/remembered.ts'
import { LatencySample } from './latency.ts'
import { guardUpdate, type Verdict } from './write-guard.ts'

/** A connection as its room sees it. */
export interface Member extends Present {
  /** Wants to be told of every commit: who wrote how much. */
  readonly isWatching: boolean
  tellCommitted(seq: Seq, entries: readonly EntryMark[]): void
  /** Ends the session: `code` says whether to come back. */
  end(code: ErrorCode, detail: string): void
}

/** The origin of a transaction that an author makes: what the update listener learns of it. */
export class Writing {
  readonly author: string
  readonly source: object | null
  /** Where it comes from; empty for the server itself. */
  readonly address: string
  /** The Yjs client id that the connection has announced; null: none yet, or there is no connection. */
  announced: number | null = null
  /** What is being applied was written by somebody else. */
  isRelayed = false

  constructor(author: string, source: object | null, address = '') {
    this.author = author
    this.source = source
    this.address = address
  }
}

/** An update that was not applied. */
export type Refusal = Extract<Verdict, { readonly answer: 'refuse' }>

export interface RoomParts {
  readonly name: RoomName
  readonly document: Document
  readonly stored: StoredRoom | null
  readonly commits: GroupCommit
  /** The role of whoever writes the first entry; null: they do not become a member. */
  readonly ownerRole: string | null
  readonly documentBytesMax: number
  /** Asks for the next `kick` of the log, at the end of this turn. */
  readonly schedule: () => void
  readonly makeSnapshot: (name: RoomName) => Promise<Snapshot | null>
  readonly onBroken: (room: Room, error: RoomlogError) => void
  /** Somebody was refused an update; `address` is where it came from. */
  readonly onRefused: (room: RoomName, access: Access, refusal: Refusal, address: string) => void
  /** Whose client ids these are, as far as the log says. */
  readonly owners: ClientOwners
  /** Has an announced client id written down, soon: whose it is outlives the node. */
  readonly remember: (room: RoomName, client: number, userId: string) => void
  /** What follows from a commit elsewhere; null: nothing does. */
  readonly onCommitted: (() => void) | null
}

/** What no author makes is of the server. */
const serverWriting = { author: 'server', source: null, isRelayed: false }

/** The cause of an entry that says nothing of whose client ids are in it. */
const relayed = { relayed: true }

/** The origin of what is read back from the log: it is not logged again. */
const stored = Symbol('stored')
const emptyVector = Uint8Array.of(0)

export class Room implements RoomLogListener {
  readonly name: RoomName
  readonly log: RoomLog
  /** How every message of this room begins, for all who address it by its plain name. */
  readonly prefix: Uint8Array
  readonly presence = new Presence()
  readonly members = new Set<Member>()
  readonly acknowledgements = new LatencySample()
  readonly broadcasts = new LatencySample()
  readonly #parts: RoomParts
  #stored: StoredRoom | null
  #greeting: { readonly prefix: Uint8Array; readonly frames: Buffer } | null = null
  #rowsSinceSnapshot: number
  #snapshotBytes: number
  #isSnapshotUnderWay = false
  /** At most what the document takes as bytes; measured anew by each snapshot. */
  bytes: number
  /** Why the document cannot be used any more: it is ahead of its log, or the log cannot be folded. */
  brokenBy: RoomlogError | null = null

  constructor(parts: RoomParts) {
    this.#parts = parts
    this.name = parts.name
    this.prefix = addressPrefix(parts.name)
    this.log = new RoomLog(parts.name, parts.stored, parts.ownerRole)
    this.log.listener = this
    this.#stored = parts.stored
    this.#snapshotBytes = parts.stored?.snapshot?.length ?? 0
    this.#rowsSinceSnapshot = parts.stored?.updates.length ?? 0
    this.bytes =
      this.#snapshotBytes + (parts.stored?.updates.reduce((sum, { length }) => sum + length, 0) ?? 0)
    leaveUntidied(parts.document)
    parts.document.on('update', (update: Uint8Array, origin: unknown) => this.#edited(update, origin))
  }

  /** The document with everything in it. @throws RoomlogError 'room-corrupt': the room is closed and quarantined */
  get document(): Document {
    if (this.brokenBy !== null) throw this.brokenBy
    if (this.#stored !== null) this.#fill(this.#stored)
    return this.#parts.document
  }

  get isDestroyed(): boolean {
    return this.#parts.document.isDestroyed
  }

  /** What a newcomer gets who has nothing: made once for all who come while nothing changes. Contains the last committed and all that waits. */
  greeting(prefix: Uint8Array): Buffer {
    if (this.#greeting?.prefix === prefix) return this.#greeting.frames
    const frames =
      this.#stored === null ? wholeFrame(prefix, this.document) : storedFrames(prefix, this.#stored)
    this.#greeting = { prefix, frames }
    return frames
  }

  /** What a document at this state vector lacks, as one update. */
  difference(stateVector: Uint8Array): Uint8Array {
    const { document } = this
    const update = Y.encodeStateAsUpdate(document, stateVector)
    // Nothing is lacking but, perhaps, deletes: whoever has them says so next, in the same bytes.
    if (update[0] === 0) rememberDeletes(document, update.subarray(1))
    return update
  }

  /** What this node has, so that a newcomer knows what to send; nothing, if the newcomer has nothing. */
  stateVector(theirs: Uint8Array): Uint8Array {
    return theirs.length <= 1 ? emptyVector : Y.encodeStateVector(this.document)
  }

  /**
   * The one way in for an update of anybody: judged, then applied, and so appended to the log.
   *
   * @param writing the origin of the transaction: whose update it is
   * @throws what Yjs throws on an update that passed the guard and should not have: `break` the room
   */
  apply(update: Uint8Array, access: Access, writing: Writing): Verdict {
    const verdict = this.#judge(update, access, writing)
    if (verdict.answer !== 'apply') return verdict
    const { document } = this
    for (const client of verdict.claims) this.#parts.owners.claim(client, writing.author)
    writing.isRelayed ||= verdict.isRelayed
    Y.applyUpdate(document, verdict.update, writing)
    if (isPending(document)) throw new Error('an update that passed the guard did not integrate')
    return verdict
  }

  /** Tells that somebody was refused this for good. */
  refused(access: Access, refusal: Refusal, { address }: Writing): void {
    this.#parts.onRefused(this.name, access, refusal, address)
  }

  /**
   * A connection shows this client id before it writes with it: it is its user's from now on.
   *
   * @returns false: it is somebody else's
   */
  announce(client: number, { identity, mayWrite }: Access): boolean {
    const { owners, remember } = this.#parts
    const answer = owners.announce(client, identity.user.id)
    if (answer === 'new' && mayWrite) remember(this.name, client, identity.user.id)
    return answer !== 'taken'
  }

  /** Is this client id somebody else's? */
  isTaken(client: number, userId: string): boolean {
    const owner = this.#parts.owners.ownerOf(client)
    return owner !== undefined && owner !== userId
  }

  #judge(update: Uint8Array, access: Access, { announced }: Writing): Verdict {
    const { documentBytesMax, owners } = this.#parts
    const { scope, definition, role, identity } = access
    const by = { scope, definition, role, userId: identity.user.id, owners, announced }
    const verdict = guardUpdate(this.document, update, by)
    if (verdict.answer !== 'apply' || this.bytes + update.length <= documentBytesMax) return verdict
    const detail = `${this.bytes} bytes and ${update.length} more > ${documentBytesMax}`
    return { answer: 'refuse', code: 'too-large', detail, path: null }
  }

  whenCommitted(then: (error: RoomlogError | null) => void): void {
    this.#parts.commits.whenCommitted(this.log, then)
  }

  /** Something changed the document: it becomes an entry, and waits for its commit. */
  #edited(update: Uint8Array, origin: unknown): void {
    if (origin === stored) return
    const { author, source, isRelayed } = origin instanceof Writing ? origin : serverWriting
    if (origin instanceof Writing) origin.isRelayed = false
    this.#greeting = null
    this.bytes += update.length
    this.#parts.commits.append(this.log, author, update, source, isRelayed ? relayed : null)
    this.#parts.schedule()
  }

  committed({ seq, at, entries }: Commit): void {
    this.#rowsSinceSnapshot += entries.length
    this.#show(entries)
    this.#tell(seq, at, entries)
    this.#parts.onCommitted?.()
    const [first] = entries
    if (first !== undefined && this.members.size > 1) this.broadcasts.add(monotonic() - first.appendedAt)
    if (isSnapshotDue(this.#rowsSinceSnapshot, this.#snapshotBytes)) void this.#snapshot()
  }

  failed(error: RoomlogError): void {
    this.break(error)
  }

  /** Gives the document up: everybody is sent away, and the next one who comes loads it from the log. */
  break(error: RoomlogError): void {
    if (this.brokenBy !== null) return
    this.brokenBy = error
    this.#parts.onBroken(this, error)
    for (const member of [...this.members]) member.end(error.reason, error.message)
  }

  /** An update is encoded once for everybody; an author is not shown what nobody else added to. */
  #show(entries: Commit['entries']): void {
    let prefix: Uint8Array | null = null
    let frames: Buffer = Buffer.alloc(0)
    const [first] = entries
    const onlySource = entries.every(({ source }) => source === first?.source) ? first?.source : null
    for (const member of this.members) {
      if (member === onlySource) continue
      if (prefix !== member.prefix) {
        prefix = member.prefix
        frames = updateFrames(prefix, entries)
      }
      member.write(frames)
    }
  }

  #tell(seq: Seq, at: number, entries: Commit['entries']): void {
    let marks: EntryMark[] | null = null
    for (const member of this.members) {
      if (!member.isWatching) continue
      marks ??= entries.map(({ author, update }, index) => ({
        seq: (seq - entries.length + 1 + index) as Seq,
        author,
        bytes: update.length,
        at
      }))
      member.tellCommitted(seq, marks)
    }
  }

  /** Nobody is here any more, and all is committed. */
  closing(): void {
    if (this.brokenBy !== null) return
    if (isSnapshotWorthClosing(this.#rowsSinceSnapshot, this.#snapshotBytes)) void this.#snapshot()
  }

  #fill(room: StoredRoom): void {
    this.#stored = null
    try {
      foldInto(this.#parts.document, room.snapshot, room.updates, stored)
      if (isPending(this.#parts.document))
        throw new Error('an update builds on content that the log does not have')
    } catch (error) {
      const reason = new RoomlogError('room-corrupt', `${this.name} cannot be folded`, { cause: error })
      this.break(reason)
      throw reason
    }
  }

  async #snapshot(): Promise<void> {
    if (this.#isSnapshotUnderWay) return
    this.#isSnapshotUnderWay = true
    const rows = this.#rowsSinceSnapshot
    const bytes = this.bytes
    try {
      const made = await this.#parts.makeSnapshot(this.name)
      if (made !== null) {
        this.bytes += made.bytes - bytes
        this.#snapshotBytes = made.bytes
      }
      this.#rowsSinceSnapshot -= rows
    } finally {
      this.#isSnapshotUnderWay = false
    }
  }
}

const wholeFrame = (prefix: Uint8Array, document: Y.Doc): Buffer =>
  syncFrame(prefix, syncStep.two, Y.encodeStateAsUpdate(document))

/** The snapshot as it is, then what came after it as the second step, so that whoever waits for that has everything. */
const storedFrames = (prefix: Uint8Array, { snapshot, updates }: StoredRoom): Buffer => {
  const tail = syncFrame(prefix, syncStep.two, mergeAll(updates))
  return snapshot === null ? tail : Buffer.concat([syncFrame(prefix, syncStep.update, snapshot), tail])
}

const emptyUpdate = Uint8Array.of(0, 0)
const mergeMax = 100

/** Merging many at once is quadratic in Yjs: a hundred at a time, then the results. */
const mergeAll = (updates: readonly Uint8Array[]): Uint8Array => {
  if (updates.length <= mergeMax) return updates.length === 0 ? emptyUpdate : Y.mergeUpdates([...updates])
  const merged: Uint8Array[] = []
  for (let from = 0; from < updates.length; from += mergeMax) {
    merged.push(Y.mergeUpdates(updates.slice(from, from + mergeMax)))
  }
  return mergeAll(merged)
}

const updateFrames = (prefix: Uint8Array, entries: Commit['entries']): Buffer => {
  const frames = entries.map(({ update }) => syncFrame(prefix, syncStep.update, update))
  const [only] = frames
  return only !== undefined && frames.length === 1 ? only : Buffer.concat(frames)
}
