import * as encoding from 'lib0/encoding'
import { WebSocket } from 'ws'
import { waitUntil } from './wait-until.ts'

/** A socket on `/y/<room>` that says what it is told to. */
export class RawYClient {
  readonly #socket: WebSocket
  #answers = 0
  ending: { readonly code: number; readonly reason: string } | null = null

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data: Buffer) => {
      const [type, step] = data
      if (type === 0 && step === 1) this.#answers++
    })
    socket.on('close', (code, reason) => {
      this.ending = { code, reason: String(reason) }
    })
  }

  /** Opens a socket and syncs with the room, without anything of its own. */
  static async open(wsUrl: string, room: string, token: string): Promise<RawYClient> {
    const socket = new WebSocket(`${wsUrl}/y/${room}?token=${token}`)
    const client = new RawYClient(socket)
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    await client.settled()
    client.#say(1, Uint8Array.of(0, 0))
    return client
  }

  send(update: Uint8Array): void {
    this.#say(2, update)
  }

  /** Resolves when the server has taken everything that was sent before, or has sent this client away: it answers in order. */
  async settled(): Promise<void> {
    const before = this.#answers
    this.#say(0, Uint8Array.of(0))
    await waitUntil(() => this.#answers > before || this.ending, { about: 'sync step 2', everyMs: 1 })
  }

  #say(step: number, payload: Uint8Array): void {
    this.#socket.send(
      encoding.encode((encoder) => {
        encoding.writeVarUint(encoder, 0)
        encoding.writeVarUint(encoder, step)
        encoding.writeVarUint8Array(encoder, payload)
      })
    )
  }

  close(): void {
    this.#socket.terminate()
  }
}
