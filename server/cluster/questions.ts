/** One node asks another, or all of them, and gets an answer or a named refusal. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { isErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import { after, randomCode } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Bus, Subscription } from './bus.ts'
import { type NodeId, seal, unseal } from './envelope.ts'
import type { Nodes } from './nodes.ts'

export interface Questions {
  /** From now on questions about this topic are answered so; one handler a topic. */
  answer(topic: string, handler: (body: Uint8Array, from: NodeId) => Uint8Array | Promise<Uint8Array>): void
  /** @throws RoomlogError 'unavailable' where there is no such node or no answer within 5 s; and what its handler throws */
  ask(node: NodeId, topic: string, body: Uint8Array): Promise<Uint8Array>
  /** What the others answered within `ms`; those that did not, or refused, are left out. */
  askAll(topic: string, body: Uint8Array, ms?: number): Promise<readonly Uint8Array[]>
  close(): void
}

export interface QuestionsParts {
  readonly bus: Bus
  readonly nodes: Nodes
  readonly logger: Logger
}

const topics = { ask: 'ask', answer: 'answer' }
const askMsMax = 5_000
const askAllMs = 500
/** Questions without an answer yet; more are refused. */
const openMax = 10_000

interface Open {
  /** An answer came. @returns whether nothing more is waited for */
  take(from: NodeId, answer: Uint8Array | RoomlogError): boolean
}

export const createQuestions = ({ bus, nodes, logger }: QuestionsParts): Questions => {
  const handlers = new Map<string, (body: Uint8Array, from: NodeId) => Uint8Array | Promise<Uint8Array>>()
  const open = new Map<string, Open>()
  const toNode = (node: NodeId, topic: string, body: Uint8Array): void =>
    bus.publish(channelOf(node), seal({ from: nodes.self, topic, body }))

  const answer = async (message: Uint8Array, from: NodeId): Promise<void> => {
    const question = readQuestion(message)
    if (question === null) return
    const reply = await replyTo(handlers, question, from, logger)
    toNode(from, topics.answer, writeAnswer(question.id, reply))
  }
  const take = (message: Uint8Array, from: NodeId): void => {
    const read = readAnswer(message)
    if (read === null) return
    if (open.get(read.id)?.take(from, read.answer) === true) open.delete(read.id)
  }
  const receive = (message: Uint8Array): void => {
    const envelope = unseal(message)
    if (envelope?.topic === topics.ask) void answer(envelope.body, envelope.from)
    else if (envelope?.topic === topics.answer) take(envelope.body, envelope.from)
  }
  let subscription: Subscription = bus.subscribe(channelOf(nodes.self), receive)
  nodes.onRejoined(() => {
    subscription.end()
    subscription = bus.subscribe(channelOf(nodes.self), receive)
  })
  nodes.hear(topics.ask, (body, from) => void answer(body, from))

  const begin = (ms: number, question: Open, onTime: () => void): string => {
    if (open.size >= openMax)
      throw new RoomlogError('unavailable', `${openMax} questions to other nodes are open`)
    const id = randomCode(12)
    const cancel = after(ms, () => {
      open.delete(id)
      onTime()
    })
    open.set(id, {
      take: (from, reply) => {
        const isDone = question.take(from, reply)
        if (isDone) cancel()
        return isDone
      }
    })
    return id
  }

  return {
    answer: (topic, handler) => {
      if (handlers.has(topic)) throw new Error(`questions about ${topic} are answered already`)
      handlers.set(topic, handler)
    },
    ask: (node, topic, body) =>
      new Promise((resolve, reject) => {
        if (!nodes.others.has(node)) throw new RoomlogError('unavailable', `there is no node ${node} now`)
        const take = (from: NodeId, reply: Uint8Array | RoomlogError): boolean => {
          if (from !== node) return false
          if (reply instanceof RoomlogError) reject(reply)
          else resolve(reply)
          return true
        }
        const onTime = (): void =>
          reject(new RoomlogError('unavailable', `node ${node} has not answered for ${askMsMax} ms`))
        const id = begin(askMsMax, { take }, onTime)
        toNode(node, topics.ask, writeQuestion({ id, topic, body }))
      }),
    askAll: (topic, body, ms = askAllMs) =>
      new Promise((resolve) => {
        const asked = new Set(nodes.others)
        const answers: Uint8Array[] = []
        if (asked.size === 0) return resolve(answers)
        const take = (from: NodeId, reply: Uint8Array | RoomlogError): boolean => {
          if (!asked.delete(from)) return false
          if (!(reply instanceof RoomlogError)) answers.push(reply)
          if (asked.size === 0) resolve(answers)
          return asked.size === 0
        }
        const id = begin(ms, { take }, () => resolve(answers))
        nodes.tell(topics.ask, writeQuestion({ id, topic, body }))
      }),
    close: () => subscription.end()
  }
}

const channelOf = (node: NodeId): string => `node/${node}`

interface Question {
  readonly id: string
  readonly topic: string
  readonly body: Uint8Array
}

const replyTo = async (
  handlers: ReadonlyMap<string, (body: Uint8Array, from: NodeId) => Uint8Array | Promise<Uint8Array>>,
  { topic, body }: Question,
  from: NodeId,
  logger: Logger
): Promise<Uint8Array | RoomlogError> => {
  const handler = handlers.get(topic)
  if (handler === undefined) return new RoomlogError('not-found', `this node answers nothing about ${topic}`)
  try {
    return await handler(body, from)
  } catch (error) {
    if (error instanceof RoomlogError) return error
    logger.error({ err: error, topic, node: from }, 'question of another node failed')
    return new RoomlogError('internal', `a question about ${topic} failed`)
  }
}

const writeQuestion = ({ id, topic, body }: Question): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarString(encoder, id)
    encoding.writeVarString(encoder, topic)
    encoding.writeUint8Array(encoder, body)
  })

const readQuestion = (message: Uint8Array): Question | null => {
  try {
    const decoder = decoding.createDecoder(message)
    const id = decoding.readVarString(decoder)
    const topic = decoding.readVarString(decoder)
    return { id, topic, body: decoding.readTailAsUint8Array(decoder) }
  } catch {
    return null
  }
}

/** A code of no letters stands for an answer; else it is that of a refusal. */
const writeAnswer = (id: string, reply: Uint8Array | RoomlogError): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarString(encoder, id)
    if (reply instanceof RoomlogError) {
      encoding.writeVarString(encoder, reply.reason)
      encoding.writeUint8Array(encoder, Buffer.from(reply.message))
      return
    }
    encoding.writeVarString(encoder, '')
    encoding.writeUint8Array(encoder, reply)
  })

const readAnswer = (message: Uint8Array): { id: string; answer: Uint8Array | RoomlogError } | null => {
  try {
    const decoder = decoding.createDecoder(message)
    const id = decoding.readVarString(decoder)
    const code = decoding.readVarString(decoder)
    const rest = decoding.readTailAsUint8Array(decoder)
    if (code === '') return { id, answer: rest }
    const reason = isErrorCode(code) ? code : 'internal'
    return { id, answer: new RoomlogError(reason, Buffer.from(rest).toString()) }
  } catch {
    return null
  }
}
