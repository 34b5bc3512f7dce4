/**
 * A room at work: its document, its connection, its copy on this device, and the stores that say how they are.
 *
 *   stored copy ──▶ replica ◀──▶ link ◀──▶ server
 *                     │            └─ role, refusals, proofs
 *                     └─ local changes ──▶ sync status, stored copy
 *
 * When an update was refused the room starts over: the replica that holds it is shown, unchangeable, until a new one has
 * been read from the server; then the new one takes its place.
 */
import * as Y from 'yjs'
import { isRole, type RoomDefinition, type StorageShape } from '../schema/define-room.ts'
import { type ErrorCode, errorCodes, isErrorCode, RoomlogError } from '../schema/error-codes.ts'
import type { ServerMessage } from '../schema/messages.ts'
import { readUser } from '../schema/presence.ts'
import { idOf, type RoomName } from '../schema/room-name.ts'
import { abortable } from './abortable.ts'
import type { ClientOptions } from './client.ts'
import { after, randomBelow } from './clock.ts'
import { copyName, guestKey, lastUser, rememberUser } from './device.ts'
import { createLog } from './log.ts'
import { canKeepCopies, type OfflineCopy, openOfflineCopy } from './offline.ts'
import { createPresence } from './presence.ts'
import { createReplica, type Replica } from './replica.ts'
import type { ConnectionEvent, EnterOptions, Rights, Room, RoomError, Status } from './room.ts'
import { createListeners, createRelay, createStore } from './store.ts'
import { createSync } from './sync.ts'
import type { Connection, Prober } from './transport/connection.ts'
import { reactionTo, retryDelay } from './transport/retry.ts'
import { createRoomLink, type RoomLink } from './transport/room-link.ts'

export interface OpenRoomOptions<St extends StorageShape, P, R extends string> {
  readonly definition: RoomDefinition<St, P, R>
  readonly name: RoomName
  readonly url: string
  readonly auth: ClientOptions['auth']
  readonly connection: Connection
  readonly enter: EnterOptions<P>
}

/** A connection that is away for so long is worth telling. */
const lostAfterMs = 5000
/** How long a refusal's reason may come after the refusal. */
const reasonWithinMs = 1000
/** These end the room for this user, so that nothing of it is kept. */
const goneCodes: ReadonlySet<ErrorCode> = new Set([
  'forbidden',
  'room-deleted',
  'room-not-found',
  'kind-unknown'
])

/** The origin of what was read from this device. */
const copyOrigin = { from: 'stored copy' }

export class OpenRoom<St extends StorageShape, P, R extends string> implements Prober {
  readonly room: Room<St, P, R>
  readonly #options: OpenRoomOptions<St, P, R>
  readonly #status = createStore<Status>('initial')
  readonly #failure = createStore<RoomError | null>(null)
  readonly #ready = createStore(false)
  readonly #rights = createStore<Rights<R> | null>(null)
  readonly #errors = createListeners<[RoomError]>()
  readonly #connectionEvents = createListeners<[ConnectionEvent]>()
  readonly #sync = createSync({
    sendFlush: (id) => this.#link?.send({ type: 'flush', id }),
    confirmed: (upTo) => this.#confirmed(upTo)
  })
  readonly #log = createLog(() => this.#link?.send({ type: 'watch' }))
  readonly #presence
  /** What the app sees and changes; while the room starts over, the replica before. */
  #shown: Replica<St>
  /** What is connected and stored. */
  #live: Replica<St>
  readonly #snapshot
  readonly #history
  #link: RoomLink | null = null
  #copy: OfflineCopy | null = null
  #wantsCopy: boolean
  #user: string | null
  #turn = 0
  #attempt = 0
  #isLinked = false
  #wasLinked = false
  #isLost = false
  #isTokenRefused = false
  #cancelRetry: () => void = () => {}
  #cancelLost: () => void = () => {}
  #cancelReason: (() => void) | null = null
  readonly #leave: (() => void)[]

  constructor(options: OpenRoomOptions<St, P, R>) {
    const { definition, connection, enter, auth, url } = options
    this.#options = options
    this.#wantsCopy = (enter.offline ?? true) && canKeepCopies()
    this.#user = auth === undefined ? guestKey : lastUser(url)
    this.#live = this.#createReplica()
    this.#shown = this.#live
    this.#snapshot = createRelay(this.#live.mirror)
    this.#history = createRelay(this.#live.history)
    this.#presence = createPresence(definition, enter.initialPresence)
    this.room = this.#createRoom()
    this.#leave = [
      connection.link.subscribe(() => this.#refreshStatus()),
      connection.onFailed((code, message) => this.#fail(code, message)),
      connection.addProber(this)
    ]
    this.#expectLink()
    void this.#begin()
  }

  get isLive(): boolean {
    return this.#link?.isAuthenticated ?? false
  }

  get hasPending(): boolean {
    const { made, confirmed } = this.#sync.facts()
    return made > confirmed
  }

  /** Something would be lost if the page were closed now. */
  get isUnsafe(): boolean {
    const { made, confirmed, stored, refusal } = this.#sync.facts()
    return (made > confirmed && made > stored) || (refusal !== null && refusal.keptText !== '')
  }

  askProof(): boolean {
    return this.#sync.probe()
  }

  askPresence(): void {
    this.#link?.askPresence()
  }

  /** Tries again what was refused. */
  retry(): void {
    if (this.#failure.get() === null) return
    this.#failure.set(null)
    this.#isTokenRefused = false
    this.#expectLink()
    void this.#begin()
  }

  destroy(): void {
    this.#turn++
    for (const leave of this.#leave) leave()
    this.#cancelRetry()
    this.#cancelLost()
    this.#cancelReason?.()
    this.#link?.destroy()
    this.#copy?.close()
    this.#presence.destroy()
    this.#sync.destroy()
    this.#live.destroy()
    if (this.#shown !== this.#live) this.#shown.destroy()
  }

  #createRoom(): Room<St, P, R> {
    const { definition, name } = this.#options
    const shown = () => this.#shown
    const live = () => this.#shown.history
    const history = this.#history
    const snapshot = this.#snapshot
    return {
      name,
      id: idOf(name),
      definition,
      get doc() {
        return shown().doc
      },
      get storage() {
        return shown().storage
      },
      ready: this.#ready,
      snapshot,
      status: this.#status,
      failure: this.#failure,
      syncStatus: this.#sync.status,
      smoothSyncStatus: this.#sync.smooth,
      rights: this.#rights,
      presence: this.#presence.own,
      self: this.#presence.self,
      others: this.#presence.others,
      log: this.#log,
      history: {
        get: history.get,
        subscribe: history.subscribe,
        undo: () => live().undo(),
        redo: () => live().redo(),
        pause: () => live().pause(),
        resume: () => live().resume(),
        clear: () => live().clear()
      },
      mutate: (change) => shown().write(() => change(shown().storage)),
      updatePresence: this.#presence.update,
      flush: ({ signal } = {}) => this.#flush(signal),
      onError: this.#errors.add,
      onConnection: this.#connectionEvents.add
    }
  }

  #createReplica(): Replica<St> {
    const replica: Replica<St> = createReplica(this.#options.definition, {
      assertMayWrite: () => this.#assertMayWrite(replica),
      changed: (update, origin) => this.#changed(replica, update, origin),
      problem: ({ path, detail }) => this.#tell('update-malformed', `${path} does not fit: ${detail}`, false)
    })
    return replica
  }

  #assertMayWrite(replica: Replica<St>): void {
    const { name } = this.#options
    const rights = this.#rights.get()
    if (rights === null)
      throw new RoomlogError('read-only', `${name}: the server has not said yet what you may do`)
    if (!rights.mayWrite)
      throw new RoomlogError('read-only', `${name}: the role ${rights.role} may read it, not write it`)
    if (replica !== this.#live || replica !== this.#shown) {
      throw new RoomlogError('resync', `${name} is being read anew`)
    }
  }

  #changed(replica: Replica<St>, update: Uint8Array, origin: unknown): boolean {
    if (replica !== this.#live || origin === copyOrigin) return false
    const isOwn = origin !== this.#link?.origin
    const change = isOwn ? this.#sync.changed() : undefined
    this.#copy?.append(update, change)
    return isOwn
  }

  #confirmed(upTo: number): void {
    if (!this.hasPending) this.#live.confirmed()
    this.#copy?.confirmed(upTo)
  }

  async #flush(signal: AbortSignal | undefined) {
    const failure = this.#failure.get()
    if (failure !== null) throw new RoomlogError(failure.code, failure.message)
    return await abortable(this.#sync.flush(), signal)
  }

  /** Reads the stored copy, then connects: what is stored goes to the server with the first handshake. */
  async #begin(): Promise<void> {
    const turn = ++this.#turn
    await this.#openCopy(turn)
    if (turn !== this.#turn) return
    const { connection, name } = this.#options
    this.#link = createRoomLink({
      socket: connection.socket,
      name,
      doc: this.#live.doc,
      handlers: {
        token: () => this.#token(),
        authenticated: () => this.#authenticated(),
        denied: (reason) => this.#denied(reason),
        linked: () => this.#linked(),
        unlinked: () => this.#unlinked(),
        received: (message) => this.#received(message),
        notApplied: () => this.#notApplied(),
        shown: (state) => {
          const user = readUser(state)
          if (user !== null) this.#presence.identify(user)
        }
      }
    })
    this.#presence.follow(this.#link.awareness)
    this.#link.attach()
    connection.open()
    this.#refreshStatus()
  }

  async #openCopy(turn: number): Promise<void> {
    if (!this.#wantsCopy || this.#user === null || this.#copy !== null) return
    const live = this.#live
    try {
      const copy = await openOfflineCopy(copyName(this.#options.url, this.#user, this.#options.name), {
        stored: (upTo) => this.#sync.stored(upTo),
        whole: () => Y.encodeStateAsUpdate(live.doc),
        cleared: (clients) => this.#clearedElsewhere(clients),
        failed: (error) => this.#tellOf(error, 'changes are not kept on this device')
      })
      if (turn === this.#turn) this.#restore(copy)
      else copy.close()
    } catch (error) {
      this.#wantsCopy = false
      this.#tellOf(error, 'no copy on this device')
    }
  }

  #restore(copy: OfflineCopy): void {
    const { doc } = this.#live
    const { updates, unconfirmed, rights } = copy.stored
    const made = this.#sync.facts().made
    const isFirst = doc.store.clients.size === 0
    this.#copy = copy
    const apply = (): void => {
      for (const update of updates) Y.applyUpdate(doc, update)
    }
    Y.transact(doc, apply, copyOrigin, false)
    if (unconfirmed > 0) this.#sync.restored(unconfirmed)
    copy.restored(this.#sync.facts().made)
    if (!isFirst) copy.append(Y.encodeStateAsUpdate(doc), made > 0 ? this.#sync.facts().made : undefined)
    if (updates.length === 0 || rights === null || !isRole(this.#options.definition, rights.role)) return
    if (this.#rights.get() === null) this.#rights.set({ ...rights, role: rights.role })
    this.#presence.identify({ id: rights.userId, name: rights.name, role: rights.role })
    this.#sync.ready()
    this.#show()
  }

  async #token(): Promise<string> {
    const { auth, name, connection } = this.#options
    if (auth === undefined) return ''
    const { token } = await auth(name, { refused: this.#isTokenRefused || connection.isTokenRefused })
    return token
  }

  #authenticated(): void {
    this.#attempt = 0
    this.#isTokenRefused = false
    this.#options.connection.worked()
    this.#presence.announce()
  }

  #denied(reason: string): void {
    const { code, reaction } = reactionTo(reason)
    if (reaction === 'refresh' && !this.#isTokenRefused) {
      this.#isTokenRefused = true
      this.#link?.again()
    } else if (reaction === 'retry') {
      this.#tell(code, isErrorCode(reason) ? errorCodes[code].about : reason, true)
      this.#cancelRetry()
      this.#cancelRetry = after(retryDelay(this.#attempt++, randomBelow(1)), () => this.#link?.again())
    } else this.#fail(code, errorCodes[code].about)
  }

  #linked(): void {
    this.#isLinked = true
    this.#wasLinked = true
    this.#cancelLost()
    if (this.#isLost) this.#connectionEvents.tell('restored')
    this.#isLost = false
    this.#sync.linked()
    this.#log.opened()
    this.#show()
    this.#refreshStatus()
  }

  #unlinked(): void {
    this.#isLinked = false
    this.#sync.unlinked()
    this.#log.closed()
    this.#expectLink()
    this.#refreshStatus()
  }

  /** Tells if there is no link for a while. */
  #expectLink(): void {
    this.#cancelLost()
    this.#cancelLost = after(lostAfterMs, () => {
      this.#isLost = true
      this.#connectionEvents.tell('lost')
    })
  }

  #received(message: ServerMessage): void {
    switch (message.type) {
      case 'role':
        return this.#learnRights(message)
      case 'flushed':
        return this.#sync.proved(message.id, message)
      case 'committed':
        return this.#log.received(message)
      case 'refused':
        if (this.#cancelReason === null)
          this.#tell(message.code, message.detail, errorCodes[message.code].retry)
        else this.#refused(message.code, message.detail)
    }
  }

  #learnRights({ role, mayWrite, userId, name }: Extract<ServerMessage, { type: 'role' }>): void {
    const { definition, auth, url } = this.#options
    if (!isRole(definition, role)) return this.#fail('forbidden', `${role} is no role of ${definition.kind}`)
    const rights: Rights<R> = { role, mayWrite, userId, name }
    this.#rights.set(rights)
    this.#presence.identify({ id: userId, name, role })
    if (auth !== undefined && userId !== this.#user) {
      rememberUser(url, userId)
      const isSomebodyElse = this.#user !== null
      this.#user = userId
      if (isSomebodyElse) return this.#startOver(null, false)
      void this.#openCopy(this.#turn)
    }
    this.#copy?.keepRights(rights)
    this.#show()
  }

  /** The server says in one message that an update was not applied, and in the next why. */
  #notApplied(): void {
    if (this.#cancelReason !== null) return
    const code = this.#rights.get()?.mayWrite === false ? 'read-only' : 'update-incomplete'
    this.#cancelReason = after(reasonWithinMs, () => this.#refused(code, errorCodes[code].about))
  }

  #refused(code: ErrorCode, reason: string): void {
    this.#cancelReason?.()
    this.#cancelReason = null
    this.#tell(code, reason, false)
    this.#startOver(this.hasPending ? { code, reason } : null, true)
  }

  /** Another tab of this user was refused: what came from it must not be sent by this one. */
  #clearedElsewhere(clients: readonly number[]): void {
    const known = this.#live.doc.store.clients
    if (!clients.some((client) => known.has(client))) return
    const reason = 'content of another tab was refused'
    this.#startOver(this.hasPending ? { code: 'update-incomplete', reason } : null, false)
  }

  #startOver(
    refusal: { readonly code: ErrorCode; readonly reason: string } | null,
    isRefused: boolean
  ): void {
    const old = this.#live
    const copy = this.#copy
    this.#turn++
    this.#copy = null
    this.#closeLink()
    this.#sync.startOver(refusal && { ...refusal, keptText: old.keptText(), keptDocument: old.doc })
    this.#live = this.#createReplica()
    if (old !== this.#shown) old.destroy()
    void this.#forget(copy, isRefused ? old.doc.clientID : null).then(() => {
      if (this.#failure.get() === null) return this.#begin()
    })
  }

  /** Closes a copy, and clears it of what a client wrote that was refused. */
  async #forget(copy: OfflineCopy | null, refusedClient: number | null): Promise<void> {
    if (refusedClient === null) return copy?.close()
    try {
      await copy?.clear(refusedClient)
    } catch (error) {
      // It would be sent and refused again.
      this.#wantsCopy = false
      this.#tellOf(error, 'the copy on this device could not be cleared')
    }
  }

  #fail(code: ErrorCode, message: string): void {
    if (this.#failure.get() !== null) return
    this.#failure.set({ code, message, retry: false })
    this.#cancelLost()
    this.#cancelRetry()
    if (goneCodes.has(code)) this.#startOver({ code, reason: message }, true)
    else {
      this.#closeLink()
      this.#sync.fail(new RoomlogError(code, message))
    }
    this.#tell(code, message, false)
    this.#connectionEvents.tell('failed')
    this.#refreshStatus()
  }

  #closeLink(): void {
    const link = this.#link
    this.#link = null
    this.#cancelReason?.()
    this.#cancelReason = null
    if (this.#isLinked) this.#unlinked()
    link?.destroy()
  }

  /** Puts the connected replica in sight, once it has been read and the rights are known. */
  #show(): void {
    if (!this.#sync.facts().isReady || this.#rights.get() === null) return
    if (this.#live !== this.#shown) {
      const old = this.#shown
      this.#shown = this.#live
      this.#snapshot.follow(this.#live.mirror)
      this.#history.follow(this.#live.history)
      old.destroy()
    }
    this.#ready.set(true)
  }

  #refreshStatus(): void {
    const { link } = this.#options.connection
    if (this.#failure.get() !== null) this.#status.set('disconnected')
    else if (this.#isLinked) this.#status.set('connected')
    else if (this.#wasLinked) this.#status.set('reconnecting')
    else this.#status.set(link.get() === 'idle' ? 'initial' : 'connecting')
  }

  #tell(code: ErrorCode, message: string, retry: boolean): void {
    this.#errors.tell({ code, message, retry })
  }

  #tellOf(error: unknown, about: string): void {
    this.#tell('internal', `${about}: ${error instanceof Error ? error.message : String(error)}`, false)
  }
}
