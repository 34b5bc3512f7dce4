/**
 * A room at work: its document, its connection, its copy on this device, and the stores that say how they are.
 *
 *   stored copy ──▶ replica ◀──▶ link ◀──▶ server
 *                     │            └─ role, refusals, proofs
 *                     └─ local changes ──▶ sync status, stored copy
 *
 * When an update was refused the room starts over: the replica that holds it is shown, unchangeable, until a
 * new one has been read from the server. Then it is known what of the old one is lost, and the new one takes its place.
 */
import * as Y from 'yjs'
import { isRole, type RoomDefinition } from '../schema/define-room.ts'
import { type ErrorCode, RoomlogError } from '../schema/error-codes.ts'
import type { ServerMessage } from '../schema/messages.ts'
import { readUser } from '../schema/presence.ts'
import { idOf, type RoomName } from '../schema/room-name.ts'
import type { StorageShape } from '../schema/storage-words.ts'
import { abortable } from './abortable.ts'
import type { ClientOptions } from './client.ts'
import { now } from './clock.ts'
import { copyOrigin, createKeptCopy, type ReadCopy } from './kept-copy.ts'
import { createLog } from './log.ts'
import { createLostWatch } from './lost-watch.ts'
import { createPresence } from './presence.ts'
import { createRefused } from './refused.ts'
import { createReplica, type Replica } from './replica.ts'
import { createReplicas, type Replicas } from './replicas.ts'
import { createRights } from './rights.ts'
import type { EnterOptions, Rights, Room, RoomFailure } from './room.ts'
import { createRoomEvents } from './room-events.ts'
import { createRoomStatus } from './room-status.ts'
import { createRoster } from './roster.ts'
import { createStore } from './store.ts'
import { createSync } from './sync.ts'
import { isUnstored, pendingOf } from './sync-status.ts'
import type { Connection, Prober } from './transport/connection.ts'
import { createRoomSession, type RefusedUpdate, type RoomSessionHandlers } from './transport/room-session.ts'

export interface OpenRoomOptions<St extends StorageShape, P, R extends string> {
  readonly definition: RoomDefinition<St, P, R>
  readonly name: RoomName
  readonly url: string
  readonly auth: ClientOptions['auth']
  readonly connection: Connection
  readonly enter: EnterOptions<P>
}

/** These end the room for this user, so that nothing of it is kept. */
const goneCodes: ReadonlySet<ErrorCode> = new Set([
  'forbidden',
  'room-deleted',
  'room-not-found',
  'kind-unknown'
])

const somebodyElse: RefusedUpdate = {
  code: 'forbidden',
  reason: 'somebody else is signed in now',
  path: null
}

export class OpenRoom<St extends StorageShape, P, R extends string> implements Prober {
  readonly room: Room<St, P, R>
  readonly #options: OpenRoomOptions<St, P, R>
  readonly #status
  readonly #failure = createStore<RoomFailure | null>(null)
  readonly #ready = createStore(false)
  readonly #rights
  readonly #events = createRoomEvents()
  readonly #sync = createSync({
    sendFlush: (id) => {
      this.#replicas.live.asked()
      this.#session.send({ type: 'flush', id })
    },
    confirmed: (upTo) => this.#confirmed(upTo)
  })
  readonly #lostEdits = createRefused(this.#sync.refused)
  readonly #log = createLog(() => this.#session.send({ type: 'watch' }))
  readonly #presence
  readonly #roster
  readonly #replicas: Replicas<St>
  readonly #copy
  readonly #session
  readonly #lost = createLostWatch(this.#events.connection)
  #turn = 0
  readonly #leave: (() => void)[]

  constructor(options: OpenRoomOptions<St, P, R>) {
    const { definition, connection, enter, auth, name, url } = options
    this.#options = options
    this.#rights = createRights(definition, name)
    this.#status = createRoomStatus(connection)
    this.#copy = createKeptCopy({
      url,
      name,
      isGuest: auth === undefined,
      isWanted: enter.offline ?? true,
      stored: (upTo) => this.#sync.stored(upTo),
      cleared: (clients) => this.#clearedElsewhere(clients),
      failed: (about, error) =>
        this.#events.failed(
          'no-copy',
          `${about}: ${error instanceof Error ? error.message : String(error)}`,
          false
        )
    })
    this.#replicas = createReplicas(() => this.#createReplica())
    this.#session = createRoomSession({ connection, name, auth, handlers: this.#sessionHandlers() })
    this.#presence = createPresence(definition, enter.initialPresence)
    const failed = (code: ErrorCode, message: string) => this.#events.failed(code, message, true)
    this.#roster = createRoster({ definition, url, name, auth, presence: this.#presence, failed })
    this.room = this.#createRoom()
    this.#leave = [
      connection.link.subscribe(() => this.#refreshStatus()),
      connection.onFailed((code, message) => this.#fail(code, message)),
      connection.addProber(this)
    ]
    this.#lost.expect()
    void this.#begin()
  }

  get isLive(): boolean {
    return this.#session.isAuthenticated
  }

  get hasPending(): boolean {
    return pendingOf(this.#sync.facts()) > 0
  }

  /** Something would be lost if the page were closed now. */
  get isUnsafe(): boolean {
    const facts = this.#sync.facts()
    return isUnstored(facts) || this.#lostEdits.isUnsafe || (facts.refusal?.keptText ?? '') !== ''
  }

  askProof(): boolean {
    return this.#sync.probe()
  }

  askPresence(): void {
    this.#session.askPresence()
  }

  /** Tries again what was refused. */
  retry(): void {
    if (this.#failure.get() === null) return
    this.#failure.set(null)
    this.#lost.expect()
    void this.#begin()
  }

  destroy(): void {
    this.#turn++
    for (const leave of this.#leave) leave()
    this.#session.close()
    this.#lost.stop()
    void this.#copy.forget(null)
    this.#presence.destroy()
    this.#roster.destroy()
    this.#sync.destroy()
    this.#replicas.destroy()
  }

  #createRoom(): Room<St, P, R> {
    const { definition, name } = this.#options
    const replicas = this.#replicas
    return {
      name,
      id: idOf(name),
      definition,
      get doc() {
        return replicas.shown.doc
      },
      get storage() {
        return replicas.shown.storage
      },
      ready: this.#ready,
      snapshot: replicas.snapshot,
      status: this.#status,
      failure: this.#failure,
      syncStatus: this.#sync.status,
      smoothSyncStatus: this.#sync.smooth,
      rights: this.#rights,
      presence: this.#presence.own,
      self: this.#presence.self,
      others: this.#presence.others,
      roster: this.#roster,
      log: this.#log,
      history: replicas.history,
      mutate: (change) => replicas.shown.mutate(change),
      can: this.#rights.can,
      updatePresence: this.#presence.update,
      flush: ({ signal } = {}) => this.#flush(signal),
      ...this.#events.on
    }
  }

  #createReplica(): Replica<St> {
    const replica: Replica<St> = createReplica(this.#options.definition, {
      who: this.#rights.who,
      assertMayWrite: (paths) => this.#assertMayWrite(replica, paths),
      mayWrite: () => this.#rights.get()?.mayWrite === true && this.#isInUse(replica),
      changed: (update, origin) => this.#changed(replica, update, origin),
      problem: this.#events.problem
    })
    return replica
  }

  #assertMayWrite(replica: Replica<St>, paths: readonly string[]): void {
    this.#rights.assertMayWrite(paths)
    if (!this.#isInUse(replica)) throw new RoomlogError('resync', `${this.#options.name} is being read anew`)
  }

  /** While a room starts over, what is shown is not connected, and what is connected is not shown. */
  #isInUse(replica: Replica<St>): boolean {
    const { live, shown } = this.#replicas
    return replica === live && replica === shown
  }

  #changed(replica: Replica<St>, update: Uint8Array, origin: unknown): boolean {
    if (replica !== this.#replicas.live || origin === copyOrigin) return false
    const isOwn = origin !== this.#session.origin
    const change = isOwn ? this.#sync.changed() : undefined
    this.#copy.append(update, change)
    return isOwn
  }

  #confirmed(upTo: number): void {
    this.#replicas.live.confirmed()
    this.#copy.confirmed(upTo)
  }

  async #flush(signal: AbortSignal | undefined) {
    const failure = this.#failure.get()
    if (failure !== null) throw new RoomlogError(failure.code, failure.message)
    return await abortable(this.#sync.flush(), signal)
  }

  /** Reads the stored copy, then connects: what is stored goes to the server with the first handshake. */
  async #begin(): Promise<void> {
    const turn = ++this.#turn
    await this.#readCopy(turn)
    if (turn !== this.#turn) return
    this.#presence.follow(this.#session.open(this.#replicas.live.doc))
    this.#refreshStatus()
  }

  #sessionHandlers(): RoomSessionHandlers {
    return {
      authenticated: () => this.#presence.announce(),
      linked: () => this.#linked(),
      unlinked: () => this.#unlinked(),
      received: (message) => this.#received(message),
      refused: (refusal) => this.#refused(refusal),
      failed: (code, reason) => {
        if (goneCodes.has(code)) this.#forgetRoom(code, reason)
        this.#fail(code, reason)
      },
      told: this.#events.failed,
      shown: (state) => {
        const user = readUser(state)
        if (user !== null) this.#presence.identify(user)
      }
    }
  }

  async #readCopy(turn: number): Promise<void> {
    const { doc } = this.#replicas.live
    const stored = await this.#copy.open(doc)
    if (stored !== null && turn === this.#turn) this.#restore(stored)
  }

  #restore({ updates, unconfirmed, rights, hadContent }: ReadCopy): void {
    if (unconfirmed > 0) {
      this.#replicas.live.restored()
      this.#sync.restored(unconfirmed)
    }
    const { made } = this.#sync.facts()
    this.#copy.restored(made)
    // What was made or heard before the copy was open.
    if (hadContent)
      this.#copy.append(Y.encodeStateAsUpdate(this.#replicas.live.doc), made > unconfirmed ? made : undefined)
    if (updates.length === 0 || rights === null || !isRole(this.#options.definition, rights.role)) return
    if (this.#rights.get() === null) this.#rights.set({ ...rights, role: rights.role })
    this.#presence.identify({ id: rights.userId, name: rights.name, role: rights.role })
    this.#sync.ready()
    this.#show()
  }

  #linked(): void {
    this.#lost.linked()
    this.#sync.linked()
    this.#lostEdits.settle(this.#replicas.live.doc)
    this.#log.opened()
    this.#roster.refresh()
    this.#show()
    this.#refreshStatus()
  }

  #unlinked(): void {
    this.#sync.unlinked()
    this.#log.closed()
    this.#lost.expect()
    this.#refreshStatus()
  }

  #received(message: Parameters<RoomSessionHandlers['received']>[0]): void {
    switch (message.type) {
      case 'role':
        return this.#learnRights(message)
      case 'flushed':
        return this.#sync.proved(message.id, { seq: message.seq, epoch: message.epoch })
      case 'committed':
        return this.#log.received(message)
      case 'members':
        return this.#roster.refresh()
      case 'escalated':
        return this.#events.escalated(message)
    }
  }

  #learnRights({ role, mayWrite, userId, name, at }: Extract<ServerMessage, { type: 'role' }>): void {
    const { definition } = this.#options
    if (!isRole(definition, role)) return this.#fail('forbidden', `${role} is no role of ${definition.kind}`)
    const rights: Rights<R> = { role, mayWrite, userId, name, serverAheadMs: at - now() }
    const before = this.#rights.get()
    // What was done in another role may not be this one's to undo.
    if (before !== null && before.role !== role) this.#replicas.live.history.clear()
    this.#rights.set(rights)
    this.#presence.identify({ id: userId, name, role })
    const user = this.#copy.learnUser(userId)
    if (user === 'other') return this.#startOver(isUnstored(this.#sync.facts()) ? somebodyElse : null, false)
    if (user === 'first') void this.#readCopy(this.#turn).then(() => this.#copy.keepRights(rights))
    this.#copy.keepRights(rights)
    this.#show()
  }

  #refused(refusal: RefusedUpdate): void {
    this.#events.failed(refusal.code, refusal.reason, false, refusal.path)
    this.#startOver(this.hasPending ? refusal : null, true)
  }

  /** Another tab of this user was refused: what came from it must not be sent by this one. */
  #clearedElsewhere(clients: readonly number[]): void {
    const known = this.#replicas.live.doc.store.clients
    if (!clients.some((client) => known.has(client))) return
    const reason = 'content of another tab was refused'
    this.#startOver(this.hasPending ? { code: 'update-incomplete', reason, path: null } : null, false)
  }

  #startOver(refusal: RefusedUpdate | null, isRefused: boolean): void {
    const forgotten = this.#reset(refusal, isRefused)
    this.#sync.startOver(refusal)
    const turn = this.#turn
    void forgotten.then(() => (turn === this.#turn ? this.#begin() : undefined))
  }

  /** The room is not for this user any more. */
  #forgetRoom(code: ErrorCode, reason: string): void {
    const refusal = this.hasPending ? { code, reason, path: null } : null
    void this.#reset(refusal, true)
    this.#sync.close()
  }

  /** Puts a new replica in the place of the connected one, and closes the copy, or clears it of what was refused. */
  #reset(refusal: RefusedUpdate | null, isRefused: boolean): Promise<void> {
    this.#turn++
    this.#session.close()
    const old = this.#replicas.renew()
    if (refusal !== null) this.#lostEdits.add(old, refusal, isRefused)
    return this.#copy.forget(isRefused ? old.doc.clientID : null)
  }

  /** Nothing is tried any more; what is stored on the device stays, for another attempt. */
  #fail(code: ErrorCode, message: string): void {
    if (this.#failure.get() !== null) return
    this.#turn++
    this.#lostEdits.settle(null)
    this.#failure.set({ code, message, path: null, retry: false })
    this.#session.close()
    this.#lost.stop()
    this.#sync.fail(new RoomlogError(code, message))
    this.#events.failed(code, message, false)
    this.#events.connection('failed')
    this.#refreshStatus()
  }

  /** Puts the connected replica in sight, once it has been read and the rights are known. */
  #show(): void {
    if (!this.#sync.facts().isReady || this.#rights.get() === null) return
    this.#replicas.show()
    this.#ready.set(true)
  }

  #refreshStatus(): void {
    this.#status.refresh({ isFailed: this.#failure.get() !== null, isLinked: this.#session.isLinked })
  }
}
