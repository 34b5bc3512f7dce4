/**
 * What a WebSocket is to a provider, over requests that pass where WebSockets do not: what is said is posted, in
 * numbered batches, and what is heard are the events of one answer that does not end, or of one answer after the other.
 */
import { fromBase64 } from 'lib0/buffer'
import * as encoding from 'lib0/encoding'
import { errorCodes, isErrorCode } from '../../schema/error-codes.ts'
import { sleep } from '../clock.ts'
import { createEventReader, type StreamEvent } from './stream-events.ts'

const connecting = 0
const open = 1
const closed = 3

interface Ending {
  readonly code: number
  readonly reason: string
}

/** The network failed, or something in between did. */
const broken: Ending = { code: 1006, reason: '' }
/** A batch or a question is said again this often. */
const triesMax = 3
const againMs = 300
const batchBytesMax = 256 * 1024

/** A request was answered by a refusal, or by something that is not our server. */
class Refused extends Error {
  readonly ending: Ending
  readonly isForGood: boolean

  constructor(ending: Ending, isForGood: boolean) {
    super(ending.reason)
    this.ending = ending
    this.isForGood = isForGood
  }
}

export class StreamSocket extends EventTarget {
  binaryType = 'arraybuffer'
  identifier = 0
  readyState = connecting
  readonly #url: string
  readonly #isPolled: boolean
  readonly #over = new AbortController()
  #id = ''
  #waiting: Uint8Array[] = []
  #isPosting = false
  #posted = 0
  /** Events that were heard, not counting the first. */
  #had = 0

  /** @param url of the WebSocket that this stands for, `wss://host/ws` */
  constructor(url: string, isPolled = false) {
    super()
    this.#url = streamUrl(url)
    this.#isPolled = isPolled
    void this.#run()
  }

  send(message: Uint8Array): void {
    if (this.readyState !== open) return
    this.#waiting.push(Uint8Array.from(message))
    // What is said in the same step goes together.
    if (!this.#isPosting) queueMicrotask(() => void this.#post())
  }

  close(): void {
    if (this.readyState === closed) return
    this.readyState = closed
    this.#leave()
    this.#over.abort()
  }

  /** So that the others see it at once; where nobody is told, the server notices by itself, a little later. */
  #leave(): void {
    if (this.#id === '') return
    void Promise.allSettled([fetch(`${this.#url}/${this.#id}`, { method: 'DELETE', keepalive: true })])
  }

  async #run(): Promise<void> {
    try {
      if (this.#isPolled) await this.#poll()
      else await this.#stream()
      this.#end(broken)
    } catch (error) {
      this.#end(error instanceof Refused ? error.ending : broken)
    }
  }

  async #stream(): Promise<void> {
    const { body } = await this.#request('', { headers: { accept: 'text/event-stream' } })
    if (body === null) return
    const read = createEventReader()
    const decoder = new TextDecoder()
    for (const reader = body.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) return
      for (const event of read(decoder.decode(value, { stream: true }))) this.#heard(event)
    }
  }

  async #poll(): Promise<void> {
    await this.#read(await this.#request('?poll'))
    while (this.readyState === open)
      await this.#read(await this.#again(() => this.#request(`/${this.#id}?had=${this.#had}`)))
  }

  async #read(answer: Response): Promise<void> {
    for (const event of createEventReader()(await answer.text())) this.#heard(event)
  }

  #heard({ type, data }: StreamEvent): void {
    if (this.readyState === closed) return
    if (type === 'open') {
      this.#id = data
      this.readyState = open
      this.dispatchEvent(new Event('open'))
      return
    }
    this.#had++
    if (type === 'close') {
      const [code = '', reason = ''] = splitOnce(data)
      this.#end({ code: Number(code), reason })
    } else this.dispatchEvent(Object.assign(new Event('message'), { data: bufferOf(fromBase64(data)) }))
  }

  /** One batch after the other: while one is under way, what is said meanwhile collects. */
  async #post(): Promise<void> {
    if (this.#isPosting) return
    this.#isPosting = true
    try {
      while (this.#waiting.length > 0 && this.readyState === open) {
        const body = this.#takeBatch()
        const path = `/${this.#id}?n=${++this.#posted}`
        const headers = { 'content-type': 'application/octet-stream' }
        await this.#again(() => this.#request(path, { method: 'POST', headers, body }))
      }
    } catch (error) {
      // Why the session is over is an event, which may be on its way.
      if (error instanceof Refused && error.ending.reason === 'session-unknown') await sleep(againMs)
      this.#end(error instanceof Refused ? error.ending : broken)
    } finally {
      this.#isPosting = false
    }
  }

  #takeBatch(): Uint8Array<ArrayBuffer> {
    let count = 0
    const body = encoding.encode((encoder) => {
      for (const message of this.#waiting) {
        if (count > 0 && encoding.length(encoder) + message.length > batchBytesMax) break
        encoding.writeVarUint8Array(encoder, message)
        count++
      }
    })
    this.#waiting = this.#waiting.slice(count)
    return Uint8Array.from(body)
  }

  /** A request may have been heard although its answer was not: numbers say which is which. */
  async #again(request: () => Promise<Response>): Promise<Response> {
    for (let tries = 1; ; tries++) {
      try {
        return await request()
      } catch (error) {
        const isForGood = error instanceof Refused && error.isForGood
        if (isForGood || tries >= triesMax || this.readyState !== open) throw error
        await sleep(againMs * tries)
      }
    }
  }

  /** @throws Refused; TypeError where nobody answers */
  async #request(path: string, options: RequestInit = {}): Promise<Response> {
    const { signal } = this.#over
    const answer = await fetch(`${this.#url}${path}`, { cache: 'no-store', ...options, signal })
    if (answer.ok) return answer
    throw await refusedBy(answer)
  }

  #end({ code, reason }: Ending): void {
    if (this.readyState === closed) return
    this.readyState = closed
    this.#over.abort()
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }))
  }
}

/** `wss://host/ws` is beside `https://host/stream`. */
export const streamUrl = (url: string): string => {
  const { protocol, host, pathname } = new URL(url)
  const scheme = protocol === 'wss:' || protocol === 'https:' ? 'https:' : 'http:'
  return `${scheme}//${host}${pathname.replace(/\/?[^/]*\/?$/, '')}/stream`
}

const refusedBy = async (answer: Response): Promise<Refused> => {
  const code = await nameIn(answer)
  if (code === null || !isErrorCode(code)) return new Refused(broken, answer.status < 500)
  const { close, retry } = errorCodes[code]
  return new Refused({ code: close, reason: code }, !retry || code === 'session-unknown')
}

/** The name of a problem; null where the answer is somebody else's. */
const nameIn = async (answer: Response): Promise<string | null> => {
  try {
    const problem: unknown = await answer.json()
    const isNamed = typeof problem === 'object' && problem !== null && 'code' in problem
    return isNamed ? String(problem.code) : null
  } catch {
    return null
  }
}

const splitOnce = (text: string): readonly string[] => {
  const at = text.indexOf(' ')
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer
