import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'
import { createEventReader, type StreamEvent } from '../../client/transport/stream-events.ts'
import type { ServerMessage } from '../../schema/messages.ts'
import { authMessage, type Heard, readMessage, syncMessage } from './raw-messages.ts'
import { waitUntil } from './wait-until.ts'

/** What `RawClient` is on a socket, on `/stream`: it says only what it is told to, and answers pings. */
export class RawStream {
  readonly headers: Headers
  id = ''
  readonly heard: Heard[] = []
  ending: { readonly code: number; readonly reason: string } | null = null
  /** The number of the last batch. */
  posted = 0
  readonly #url: string
  readonly #over: AbortController
  #had = 0
  #answersPings = true

  private constructor(url: string, headers: Headers, over: AbortController) {
    this.#url = url
    this.headers = headers
    this.#over = over
  }

  /** @param url `http://host:port`; @throws when it is refused */
  static async open(
    url: string,
    { isPolled = false, headers = {} }: { isPolled?: boolean; headers?: Record<string, string> } = {}
  ): Promise<RawStream> {
    const over = new AbortController()
    const answer = await fetch(`${url}/stream${isPolled ? '?poll' : ''}`, { headers, signal: over.signal })
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
    const client = new RawStream(url, answer.headers, over)
    if (isPolled) {
      client.#take(createEventReader()(await answer.text()))
      void client.#poll().catch(() => client.#over.abort())
    } else {
      void client.#read(answer).catch(() => client.#over.abort())
      await waitUntil(() => client.id, { about: 'the first event' })
    }
    return client
  }

  /** Posts messages as the next batch; resolves when they are taken. */
  post(...messages: readonly Uint8Array[]): Promise<void> {
    return this.postAs(this.posted + 1, ...messages)
  }

  async postAs(number: number, ...messages: readonly Uint8Array[]): Promise<void> {
    this.posted = Math.max(this.posted, number)
    const body = encoding.encode((encoder) => {
      for (const message of messages) encoding.writeVarUint8Array(encoder, message)
    })
    const answer = await this.postRaw(number, Uint8Array.from(body))
    // One that ended the session was taken, and there is nobody left to say so.
    if (!answer.ok && answer.status !== 404) throw new Error(await answer.text())
  }

  postRaw(number: number, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const headers = { 'content-type': 'application/octet-stream' }
    return fetch(`${this.#url}/stream/${this.id}?n=${number}`, { method: 'POST', headers, body })
  }

  /** Joins a room and syncs; the document then has what the room has. */
  async enter(address: string, token: string): Promise<Y.Doc> {
    const document = new Y.Doc()
    await this.post(authMessage(address, token), syncMessage(address, 0, Y.encodeStateVector(document)))
    const step2 = await waitUntil(
      () => this.heard.find(({ kind }) => kind === 'step2' || kind === 'denied'),
      {
        about: 'sync step 2'
      }
    )
    if (step2.kind === 'denied') throw new Error(`denied: ${step2.reason}`)
    if ('payload' in step2) Y.applyUpdate(document, step2.payload)
    await this.post(syncMessage(address, 1, Y.encodeStateAsUpdate(document)))
    await waitUntil(() => this.acknowledged() === 1, { about: 'the first acknowledgement' })
    return document
  }

  acknowledged(isSaved = true): number {
    return this.heard.filter((heard) => heard.kind === 'status' && heard.isSaved === isSaved).length
  }

  count(kind: Heard['kind']): number {
    return this.heard.filter((heard) => heard.kind === kind).length
  }

  /** What was said in stateless messages of this type. */
  messages<Type extends ServerMessage['type']>(type: Type): Extract<ServerMessage, { type: Type }>[] {
    return this.heard.flatMap((heard) =>
      heard.kind === 'message' && heard.message.type === type
        ? [heard.message as Extract<ServerMessage, { type: Type }>]
        : []
    )
  }

  ended(): Promise<{ readonly code: number; readonly reason: string }> {
    return waitUntil(() => this.ending, { about: 'the session to be ended' })
  }

  async leave(): Promise<void> {
    await fetch(`${this.#url}/stream/${this.id}`, { method: 'DELETE' })
  }

  /** From now on it is as if nobody were there. */
  stopAsking(): void {
    this.#answersPings = false
  }

  destroy(): void {
    this.#over.abort()
  }

  async #read(answer: Response): Promise<void> {
    const read = createEventReader()
    const decoder = new TextDecoder()
    for await (const piece of answer.body ?? []) this.#take(read(decoder.decode(piece, { stream: true })))
  }

  async #poll(): Promise<void> {
    while (this.ending === null && this.#answersPings) {
      const url = `${this.#url}/stream/${this.id}?had=${this.#had}`
      const answer = await fetch(url, { signal: this.#over.signal })
      if (!answer.ok) return
      this.#take(createEventReader()(await answer.text()))
    }
  }

  #take(events: readonly StreamEvent[]): void {
    for (const { type, data } of events) {
      if (type === 'open') {
        this.id = data
        continue
      }
      this.#had++
      if (type === 'close') {
        const [code = '', ...reason] = data.split(' ')
        this.ending = { code: Number(code), reason: reason.join(' ') }
        continue
      }
      const heard = readMessage(Buffer.from(data, 'base64'))
      this.heard.push(heard)
      if (heard.kind === 'ping' && this.#answersPings) void this.post(Uint8Array.of(10))
    }
  }
}
