/**
 * One open room on this node: its document, its place in the log, and the connections that are shown what was committed.
 *
 *   update applied ──▶ `edited` ──▶ log ──▶ `committed` ──▶ every connection but the one that brought it
 *
 * A room sleeps until somebody writes: newcomers, and those who come back, are answered from the stored bytes.
 */
import * as Y from 'yjs'
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import type { RoomName, Seq } from '../../schema/room-name.ts'
import type { Access } from '../auth/identity.ts'
import type { RoomChannel } from '../cluster/cluster.ts'
import type { Envelope } from '../cluster/envelope.ts'
import { isPending } from '../log/fold.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { StoredRoom } from '../log/load.ts'
import { type AppendedEntry, type Commit, RoomLog, type RoomLogListener } from '../log/room-log.ts'
import type { Snapshot } from '../log/snapshot.ts'
import type { Standing, Tails } from '../log/tail.ts'
import type { Presence, Present } from '../presence/presence.ts'
import { addressPrefix } from '../session/frames.ts'
import { Broadcast, type Viewer } from './broadcast.ts'
import { followChanges } from './changes.ts'
import type { StoredFacts } from './check-stored.ts'
import type { ClientOwners } from './client-owners.ts'
import { DocumentSize } from './document-size.ts'
import { batchTopic, decodeBatch, encodeBatch } from './fan-out.ts'
import { Follower, type ForeignEntry } from './follower.ts'
import { contradictionOf } from './guard/contradiction.ts'
import { LatencySample } from './latency.ts'
import { RoomDocument } from './room-document.ts'
import { Snapshotting } from './snapshotting.ts'
import { nothingStored } from './stored-bytes.ts'
import { clientsIn } from './update-reader.ts'
import { guardUpdate, type Refusal, type Verdict } from './write-guard.ts'
import {
  type Behind,
  behind,
  committedElsewhere,
  isUncertain,
  type Judging,
  relayed,
  serverWriting,
  Writing
} from './writing.ts'

/** A connection as its room sees it. */
export interface Member extends Present, Viewer {
  /** Wants to be told of every commit: who wrote how much. */
  readonly isWatching: boolean
  tellCommitted(seq: Seq, entries: readonly EntryMark[]): void
  /** Ends the session: `code` says whether to come back. */
  end(code: ErrorCode, detail: string): void
}

export interface RoomParts {
  readonly name: RoomName
  readonly commits: GroupCommit
  readonly presence: Presence
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
  /** Other nodes may write to the log, too. */
  readonly isShared: boolean
  readonly tails: Tails
  /** To the nodes that have the room open; null: nobody is there to be told. */
  readonly channel: RoomChannel | null
  /** Something was missing here that others had committed. */
  readonly onRepair: () => void
  readonly onClosed: () => void
}

/** Of an entry, what others are shown of it. */
type Shown = Pick<AppendedEntry, 'author' | 'update' | 'source'>

export class Room implements RoomLogListener {
  readonly name: RoomName
  readonly log: RoomLog
  /** How every message of this room begins, for all who address it by its plain name. */
  readonly prefix: Uint8Array
  readonly presence: Presence
  readonly members = new Set<Member>()
  readonly broadcast = new Broadcast({
    viewers: this.members,
    document: () => this.document,
    shown: (ms) => this.broadcasts.add(ms)
  })
  readonly acknowledgements = new LatencySample()
  readonly broadcasts = new LatencySample()
  readonly #parts: RoomParts
  readonly #follower: Follower
  readonly #holds = new Set<Promise<unknown>>()
  readonly #document: RoomDocument
  readonly #snapshotting: Snapshotting
  readonly size: DocumentSize
  /** Why the document cannot be used any more: it is ahead of its log, or the log cannot be folded. */
  brokenBy: RoomlogError | null = null
  isClosed = false

  constructor(parts: RoomParts, stored: StoredRoom | null, facts: StoredFacts) {
    this.#parts = parts
    this.name = parts.name
    this.presence = parts.presence
    this.prefix = addressPrefix(parts.name)
    this.log = new RoomLog(parts.name, stored, parts.ownerRole)
    this.log.listener = this
    this.#follower = new Follower(
      {
        name: parts.name,
        tails: parts.tails,
        epoch: () => this.log.epoch,
        headIs: (head) => this.log.reached(head),
        waiting: () => this.log.waiting,
        take: (entries) => this.#take(entries),
        onLost: (error) => this.break(error),
        onRepair: parts.onRepair
      },
      this.log.head
    )
    this.#document = new RoomDocument({
      stored: stored ?? nothingStored,
      facts,
      owners: parts.owners,
      woken: (document) => followChanges(document, (update, origin) => this.#edited(update, origin))
    })
    const { snapshot, updates } = stored ?? nothingStored
    const bytes = snapshot?.length ?? 0
    const tail = { rows: updates.length, bytes: updates.reduce((sum, { length }) => sum + length, 0) }
    this.size = new DocumentSize(bytes)
    this.size.grew(tail.bytes)
    this.#snapshotting = new Snapshotting({
      ...parts,
      bytes,
      tail,
      size: this.size,
      make: parts.makeSnapshot
    })
  }

  /** The document with everything in it. @throws RoomlogError 'room-corrupt': the room is closed and quarantined */
  get document(): Y.Doc {
    if (this.brokenBy !== null) throw this.brokenBy
    try {
      return this.#document.live
    } catch (error) {
      const reason = new RoomlogError('room-corrupt', `${this.name} cannot be folded`, { cause: error })
      this.break(reason)
      throw reason
    }
  }

  /** Nobody has needed the document so far. */
  get isAsleep(): boolean {
    return this.#document.isAsleep
  }

  /** How many entries the document has, those that wait for their commit included. */
  get length(): Seq {
    return (this.#follower.count + this.log.waiting) as Seq
  }

  /** The seq that the document stands for; null while it stands for none: something waits, or is missing in between. */
  get seq(): Seq | null {
    return this.log.waiting > 0 || this.#follower.hasGap ? null : this.#follower.applied
  }

  /** All entries up to here are in the document. */
  get applied(): Seq {
    return this.#follower.applied
  }

  /** Resolves when everything that any node committed before is in the document. @throws RoomlogError 'unavailable' */
  async catchUp(): Promise<void> {
    if (this.#parts.isShared) await this.#follower.catchUp()
  }

  /** Another node says something. */
  hear({ topic, body }: Envelope): void {
    if (this.brokenBy !== null || topic !== batchTopic) return
    const batch = decodeBatch(body)
    if (batch !== null) this.#follower.heard(batch)
  }

  /** @param since what was applied when the database was asked */
  standsAt(standing: Standing, since: Seq): void {
    if (this.brokenBy === null) this.#follower.standsAt(standing, since)
  }

  /** Keeps the room from being unloaded until this has ended, one way or the other. */
  hold(work: Promise<unknown>): void {
    const held: Promise<unknown> = Promise.allSettled([work]).then(() => this.#holds.delete(held))
    this.#holds.add(held)
  }

  async released(): Promise<void> {
    while (this.#holds.size > 0) await Promise.all(this.#holds)
  }

  /** What a newcomer gets who has nothing. Contains the last committed and all that waits. */
  greeting(prefix: Uint8Array): Buffer {
    return this.#document.greeting(prefix)
  }

  /** What a document at this state vector lacks, as one update. */
  difference(theirs: Uint8Array): Uint8Array {
    return this.#document.difference(theirs)
  }

  /** What this node has, so that a newcomer knows what to send; nothing, if the newcomer has nothing. */
  stateVector(theirs: Uint8Array): Uint8Array {
    return this.#document.vectorFor(theirs)
  }

  /** Has the room all of this, as far as can be told without its document? */
  isKnownAsleep(update: Uint8Array): boolean {
    return this.#document.isKnownAsleep(update)
  }

  /**
   * The one way in for an update of anybody: judged, then applied, and so appended to the log.
   *
   * @param writing the origin of the transaction: whose update it is
   * @throws what Yjs throws on an update that passed the guard and should not have: `break` the room
   */
  apply(update: Uint8Array, access: Access, writing: Writing, judging: Judging): Verdict | Behind {
    const verdict = this.#judge(update, access, writing)
    if (this.#parts.isShared && isUncertain(verdict, judging)) return behind
    if (verdict.answer !== 'apply') return verdict
    const { document } = this
    for (const client of verdict.claims) this.#parts.owners.claim(client, writing.author)
    writing.isRelayed ||= verdict.isRelayed
    writing.applies(verdict.exact)
    Y.applyUpdate(document, verdict.update, writing)
    if (isPending(document)) throw new Error('an update that passed the guard did not integrate')
    return verdict
  }

  /** Tells that somebody was refused this for good. */
  refused(access: Access, refusal: Refusal, { address }: Writing): void {
    this.#parts.onRefused(this.name, access, refusal, address)
  }

  /** A connection shows this client id before it writes with it: it is its user's from now on, unless it is another's. */
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
    if (verdict.answer !== 'apply' || this.#hasSpaceFor(update.length)) return verdict
    const detail = `${this.size.bytesMax} bytes and ${update.length} more > ${documentBytesMax}`
    return { answer: 'refuse', code: 'too-large', detail, path: null, isFinal: true }
  }

  #hasSpaceFor(bytes: number): boolean {
    const { documentBytesMax } = this.#parts
    if (this.size.bytesMax + bytes > documentBytesMax && this.size.isWorthMeasuring(documentBytesMax))
      this.size.measure()(Y.encodeStateAsUpdate(this.document).length)
    return this.size.bytesMax + bytes <= documentBytesMax
  }

  whenCommitted(then: (error: RoomlogError | null) => void): void {
    this.#parts.commits.whenCommitted(this.log, then)
  }

  /** Something changed the document: it becomes an entry, and waits for its commit. */
  #edited(update: Uint8Array, origin: unknown): void {
    const { author, source, isRelayed, mustFollow } = origin instanceof Writing ? origin : serverWriting
    if (origin instanceof Writing) origin.isRelayed = false
    this.#document.changed()
    this.size.grew(update.length)
    this.broadcast.applied(update)
    const cause = isRelayed ? relayed : null
    this.#parts.commits.append(this.log, author, update, source, { cause, mustFollow })
    this.#parts.schedule()
  }

  committed({ seq, at, entries }: Commit): void {
    const first = (seq - entries.length + 1) as Seq
    this.#follower.committed(first, seq)
    this.#fanOut(first, seq, at, entries)
    this.#snapshotting.grew(entries)
    this.broadcast.show(entries)
    this.#tell(seq, at, entries)
    this.#parts.onCommitted?.()
    this.#snapshotting.makeIfDue()
  }

  failed(error: RoomlogError): void {
    this.break(error.reason === 'version-conflict' ? new RoomlogError('resync', error.message) : error)
  }

  #fanOut(first: Seq, last: Seq, at: number, entries: Commit['entries']): void {
    const { channel } = this.#parts
    if (channel === null) return
    const fanned = entries.map(({ author, update, cause }) => ({
      author,
      update,
      isRelayed: cause === relayed
    }))
    channel.tell(batchTopic, encodeBatch({ epoch: this.log.epoch, first, last, at, entries: fanned }))
  }

  /** Entries that other nodes wrote: they are committed, and everybody here is shown them. */
  #take(entries: readonly ForeignEntry[]): void {
    const fresh = entries.flatMap(({ author, update, isRelayed }) =>
      update === null ? [] : [{ author, update, isRelayed, source: null }]
    )
    if (!this.#document.addAsleep(fresh)) this.#integrate(fresh)
    for (const { author, update, isRelayed } of fresh) {
      this.size.grew(update.length)
      if (!isRelayed) for (const client of clientsIn(update)) this.#parts.owners.claim(client, author)
    }
    this.#document.changed()
    this.#snapshotting.grew(fresh)
    this.broadcast.show(fresh)
    for (const { seq, at, author, update } of entries)
      if (update !== null) this.#tell(seq, at, [{ author, update }])
    this.#parts.onCommitted?.()
  }

  #integrate(entries: readonly { readonly update: Uint8Array }[]): void {
    const { document } = this
    for (const { update } of entries) {
      const fault = contradictionOf(document, update)
      if (fault !== null)
        throw new RoomlogError('resync', `${this.name}: two nodes were told different things: ${fault}`)
      Y.applyUpdate(document, update, committedElsewhere)
    }
    if (isPending(document)) throw new Error('an entry of another node builds on what the log does not have')
  }

  /** Gives the document up: everybody is sent away, and the next one who comes loads it from the log. */
  break(error: RoomlogError): void {
    if (this.brokenBy !== null) return
    this.brokenBy = error
    this.#follower.close()
    this.#parts.onBroken(this, error)
    for (const member of [...this.members]) member.end(error.reason, error.message)
  }

  #tell(seq: Seq, at: number, entries: readonly Omit<Shown, 'source'>[]): void {
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
  close(): void {
    this.isClosed = true
    this.#follower.close()
    this.#document.destroy()
    this.#parts.onClosed()
    if (this.brokenBy === null) this.#snapshotting.makeIfWorthIt()
  }
}
