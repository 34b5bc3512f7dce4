/**
 * Somebody with a Hocuspocus provider as its makers deliver it, behind a network that leads to a node that runs.
 * What is saved is what the provider says: nothing is unsynced.
 */
import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import type { Change, Client, ClientParts } from './client.ts'
import { Ledger } from './ledger.ts'
import { type Link, startLink } from './link.ts'

interface Place {
  node: number
  /** Of the node that its link has led to last. */
  address: string | null
}

export class ProviderClient implements Client {
  readonly name: string
  readonly room: string
  readonly document = new Y.Doc()
  readonly ledger = new Ledger()
  readonly wrongs: string[] = []
  readonly #link: Link
  readonly #socket: HocuspocusProviderWebsocket
  readonly #provider: HocuspocusProvider
  readonly #place: Place
  #isWanted = true

  private constructor({ name, room, token }: ClientParts, link: Link, place: Place) {
    this.name = name
    this.room = room
    this.#link = link
    this.#place = place
    this.#socket = new HocuspocusProviderWebsocket({
      url: `ws://127.0.0.1:${link.port}/ws`,
      WebSocketPolyfill: WebSocket,
      delay: 50,
      minDelay: 50,
      maxDelay: 500
    })
    this.#provider = new HocuspocusProvider({
      websocketProvider: this.#socket,
      name: room,
      document: this.document,
      token
    })
    this.#provider.on('unsyncedChanges', ({ number }: { readonly number: number }) => {
      if (number === 0) this.ledger.acknowledge(this.ledger.edits.length)
    })
    this.#provider.on('authenticationFailed', ({ reason }: { readonly reason: string }) => {
      this.wrongs.push(`denied: ${reason}`)
    })
    this.#provider.attach()
    this.#provider.setAwarenessField('edits', 0)
  }

  static async open(parts: ClientParts): Promise<ProviderClient> {
    const place: Place = { node: parts.node, address: null }
    const link = await startLink(() => {
      place.address = parts.addressOf(place.node)
      return place.address === null ? null : Number(new URL(place.address).port)
    })
    return new ProviderClient(parts, link, place)
  }

  get id(): number {
    return this.document.clientID
  }

  get isOnline(): boolean {
    return this.#isWanted
  }

  get isSettled(): boolean {
    const { isSynced, hasUnsyncedChanges } = this.#provider
    return isSynced && !hasUnsyncedChanges && this.ledger.isAllAcknowledged
  }

  get node(): number {
    return this.#place.node
  }

  get address(): string | null {
    return this.#place.address
  }

  get seen(): ReadonlyMap<number, string | undefined> {
    return new Map(
      [...(this.#provider.awareness?.getStates() ?? [])].map(([id, state]) => [id, state.user?.id])
    )
  }

  write(change: Change): void {
    const { edits } = this.ledger
    const marker = `${this.name}.${edits.length}`
    edits.push(change(this.document, marker))
    this.#provider.setAwarenessField('edits', edits.length)
  }

  cut(): void {
    this.#link.cut()
  }

  move(node: number): void {
    this.#place.node = node
    this.#link.cut()
  }

  leave(): void {
    this.#isWanted = false
    this.#socket.disconnect()
  }

  comeBack(): void {
    this.#link.heal()
    if (this.#isWanted) return
    this.#isWanted = true
    void this.#socket.connect()
  }

  /** The network is in its way: a provider always reads. */
  stopReading(): void {
    this.#link.silence()
  }

  readOn(): void {
    this.#link.heal()
  }

  describe(): string {
    const { isSynced, unsyncedChanges } = this.#provider
    const { acknowledged, edits } = this.ledger
    return `${this.name}, a stock provider, ${this.#socket.status}, ${isSynced ? 'synced' : 'not synced'}: ${acknowledged} of ${edits.length} edits saved, ${unsyncedChanges} changes unsynced; ${this.wrongs.join('; ') || 'nothing was refused'}`
  }

  close(): void {
    this.#provider.destroy()
    this.#socket.destroy()
    this.document.destroy()
    void this.#link[Symbol.asyncDispose]()
  }
}
