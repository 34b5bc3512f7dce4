/**
 * The door for networks that block WebSockets: a session is an event stream, or one short answer after the other, and
 * what its client says is posted.
 *
 * | request                       | answer |
 * |-------------------------------|--------|
 * | `GET /stream`                 | an event stream: `open` with the id of the session, messages as base64, `close` |
 * | `GET /stream?poll`            | the first of these events, and the end |
 * | `GET /stream/<id>?had=<n>`    | the events behind the first n, as soon as there are any |
 * | `POST /stream/<id>?n=<k>`     | nothing, when the messages of batch k are taken |
 * | `DELETE /stream/<id>`         | nothing: the session has ended |
 *
 * The id names the node: whichever node is asked, it passes the question on.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { RoomlogError } from '../../schema/error-codes.ts'
import { randomCode } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import { Batches } from './batches.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { EventStreamWire, openEvent, PolledWire } from './stream-wire.ts'
import type { Held } from './turn.ts'

export interface StreamsParts {
  readonly sessions: Sessions
  readonly config: Pick<Config, 'frameBytesMax' | 'idleTimeoutMs'>
  readonly logger: Logger
  readonly held: Held
  /** This node's own name. */
  nodeId(): string
  /** Asks the node of this name; @throws RoomlogError where it does not answer, and what it refuses by */
  forward(node: string, question: StreamQuestion): Promise<string>
}

/** What one node may ask another about a session of its. */
export type StreamQuestion =
  | { readonly type: 'post'; readonly id: string; readonly number: number; readonly body: Uint8Array }
  | { readonly type: 'poll'; readonly id: string; readonly had: number; readonly signal: AbortSignal }
  | { readonly type: 'leave'; readonly id: string }

export interface Streams {
  /** The bodies of posts are this long at most. */
  readonly bodyBytesMax: number
  /** Answers with an event stream. @param headers of the answer */
  open(request: IncomingMessage, answer: ServerResponse, headers: Record<string, string>): Promise<void>
  /** @returns the first event of a session that is asked for the others */
  openPolled(request: IncomingMessage): Promise<string>
  /** @returns the events that answer the question; @throws RoomlogError 'session-unknown', and what `Batches.post` does */
  ask(question: StreamQuestion): Promise<string>
  /** The same for another node that was asked. */
  answer(question: StreamQuestion): Promise<string>
}

interface Stream {
  readonly session: Session
  readonly wire: EventStreamWire | PolledWire
}

const secretLength = 22
/** Above this a body is not read; up to it, the sender is told which message is too large. */
const bodyFactor = 4
/** An answer is given at the latest after this, for proxies end what is silent for long. */
const pollMsMax = 20_000
/** Between nodes a question is answered sooner. */
const forwardedPollMs = 3_000

export const createStreams = (parts: StreamsParts): Streams => {
  const { sessions, config, held, logger } = parts
  const pollMs = Math.min(pollMsMax, config.idleTimeoutMs / 3)
  const bodyBytesMax = config.frameBytesMax * bodyFactor
  const streams = new Map<string, Stream>()
  const newId = (): string => `${parts.nodeId()}.${randomCode(secretLength)}`

  const createBatches = (session: () => Session): Batches =>
    new Batches({ held, bytesMax: bodyBytesMax * 2, receive: (message) => session().receive(message) })

  const end = (id: string): void => {
    const stream = streams.get(id)
    if (stream === undefined) return
    streams.delete(id)
    stream.wire.batches.end()
    stream.session.closed()
  }

  const answer = async (question: StreamQuestion, waitMs: number): Promise<string> => {
    const stream = streams.get(question.id)
    if (stream === undefined) throw new RoomlogError('session-unknown', 'no such stream on this node')
    const { session, wire } = stream
    if (question.type === 'poll') {
      if (!(wire instanceof PolledWire)) throw new RoomlogError('request-invalid', 'its events are a stream')
      session.heard()
      return wire.poll(question.had, waitMs, question.signal)
    }
    if (question.type === 'post') await wire.batches.post(question.number, question.body)
    else wire.terminate()
    return ''
  }

  return {
    bodyBytesMax,
    async open(request, response, headers) {
      response.on('error', (error) => logger.debug({ err: error }, 'event stream failed'))
      const caller = await sessions.admit(request)
      if (response.destroyed) return
      const id = newId()
      const batches = createBatches(() => session)
      response.writeHead(200, headers)
      response.write(openEvent(id))
      const wire = new EventStreamWire(batches, response)
      const session = sessions.open(caller, wire)
      streams.set(id, { session, wire })
      response.on('close', () => end(id))
    },
    async openPolled(request) {
      const caller = await sessions.admit(request)
      const id = newId()
      const batches = createBatches(() => session)
      const wire = new PolledWire(batches, () => end(id))
      const session = sessions.open(caller, wire)
      streams.set(id, { session, wire })
      return openEvent(id)
    },
    async ask(question) {
      const [node = ''] = question.id.split('.', 1)
      if (streams.has(question.id) || node === parts.nodeId()) return answer(question, pollMs)
      return parts.forward(node, question)
    },
    answer: (question) => answer(question, forwardedPollMs)
  }
}
