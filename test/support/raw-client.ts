import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import type { ServerMessage } from '../../schema/messages.ts'
import { authMessage, type Heard, readMessage, syncMessage } from './raw-messages.ts'
import { waitUntil } from './wait-until.ts'

/**
 * A socket that speaks the Hocuspocus protocol word for word, and says only what it is told to: for what no provider
 * would send, and to see each frame that the server does.
 */
export class RawClient {
  readonly socket: WebSocket
  /** All that was heard, in its order. */
  readonly heard: Heard[] = []
  /** Frames, however many messages they hold. */
  framesHeard = 0
  bytesHeard = 0
  /** How often it was asked for a sign of life, which `ws` answers by itself. */
  pings = 0
  /** How the socket was closed; null while it is open. */
  ending: { readonly code: number; readonly reason: string } | null = null
  readonly #ended = Promise.withResolvers<{ readonly code: number; readonly reason: string }>()

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      this.framesHeard++
      this.bytesHeard += data.length
      // The answer to a ping of one byte is no message to a room.
      if (data.length > 1) this.heard.push(readMessage(data))
    })
    socket.on('ping', () => this.pings++)
    socket.on('close', (code, reason) => {
      this.ending = { code, reason: String(reason) }
      this.#ended.resolve(this.ending)
    })
  }

  /** @param wsUrl `ws://host:port`; @throws when the upgrade is refused */
  static async open(wsUrl: string, headers: Record<string, string> = {}): Promise<RawClient> {
    const socket = new WebSocket(`${wsUrl}/ws`, { headers, perMessageDeflate: false })
    const client = new RawClient(socket)
    await new Promise((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    // An error of an open socket is told by its close code.
    socket.on('error', () => client.ending)
    return client
  }

  send(...messages: readonly (Uint8Array | string)[]): void {
    for (const message of messages) this.socket.send(message)
  }

  /** Sends what `send` sends in as few segments as the network allows. */
  cork(send: () => void): void {
    // Of the `ws` package, which has no other way to write several frames at once.
    const { _socket: socket } = this.socket as unknown as { _socket: Socket }
    socket.cork()
    send()
    socket.uncork()
  }

  /** Shows its token for a room and waits for the answer, whatever it is. */
  async join(address: string, token = ''): Promise<Heard> {
    this.send(authMessage(address, token))
    return this.next('authenticated', 'denied')
  }

  /** Joins a room and syncs as a provider with this document would; the document then has what the room has. */
  async enter(address: string, { token = '', document = new Y.Doc() } = {}): Promise<Y.Doc> {
    const answer = await this.join(address, token)
    if (answer.kind === 'denied') throw new Error(`denied: ${answer.reason}`)
    await this.sync(address, document)
    return document
  }

  async sync(address: string, document: Y.Doc): Promise<void> {
    const before = this.heard.length
    this.send(syncMessage(address, 0, Y.encodeStateVector(document)))
    const answer = (kind: Heard['kind']): Promise<Heard> =>
      this.nextAfter(
        before,
        (heard) => heard.kind === kind && 'address' in heard && heard.address === address
      )
    const asked = await answer('step1')
    const vector = 'payload' in asked ? asked.payload : undefined
    this.send(syncMessage(address, 1, Y.encodeStateAsUpdate(document, vector)))
    await answer('step2')
    this.learn(address, document)
    await answer('status')
  }

  /** Applies all content that was heard of a room. */
  learn(address: string, document: Y.Doc): void {
    for (const heard of this.heard) {
      if ((heard.kind === 'step2' || heard.kind === 'update') && heard.address === address)
        Y.applyUpdate(document, heard.payload, this)
    }
  }

  /** Waits for the first message from now on, or among those already heard and not asked for yet, of these kinds. */
  async next<Kind extends Heard['kind']>(...kinds: readonly Kind[]): Promise<Extract<Heard, { kind: Kind }>> {
    const found = await this.nextAfter(this.#asked, ({ kind }) => kinds.some((one) => one === kind))
    this.#asked = this.heard.indexOf(found) + 1
    return found as Extract<Heard, { kind: Kind }>
  }
  #asked = 0

  /** @throws Error when the socket is closed and it was not heard */
  async nextAfter(index: number, isIt: (heard: Heard) => boolean): Promise<Heard> {
    const find = (): Heard | undefined => this.heard.slice(index).find(isIt)
    await waitUntil(() => find() ?? this.ending, { about: `a message after the first ${index}`, everyMs: 2 })
    const found = find()
    if (found === undefined) throw new Error(`the socket was closed: ${JSON.stringify(this.ending)}`)
    return found
  }

  /** What was said in stateless messages of this type. */
  messages<Type extends ServerMessage['type']>(type: Type): Extract<ServerMessage, { type: Type }>[] {
    return this.heard.flatMap((heard) =>
      heard.kind === 'message' && heard.message.type === type
        ? [heard.message as Extract<ServerMessage, { type: Type }>]
        : []
    )
  }

  /** How many frames were acknowledged as saved, and how many as not. */
  acknowledged(isSaved = true): number {
    return this.heard.filter((heard) => heard.kind === 'status' && heard.isSaved === isSaved).length
  }

  count(kind: Heard['kind']): number {
    return this.heard.filter((heard) => heard.kind === kind).length
  }

  ended(): Promise<{ readonly code: number; readonly reason: string }> {
    return this.#ended.promise
  }

  /** Resolves when the server has read everything that was sent before, and a turn more: a ping overtakes nothing. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) {
      const pong = new Promise((resolve) => this.socket.once('pong', resolve))
      this.socket.ping()
      await pong
    }
  }

  async close(): Promise<void> {
    if (this.ending !== null) return
    this.socket.close()
    await this.ended()
  }

  /** As a network that fails: no close frame, no goodbye. */
  destroy(): void {
    this.socket.terminate()
  }
}
