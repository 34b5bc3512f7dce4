/** Questions about a stream's session that reached another node than its own: passed on, and answered there. */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { RoomlogError } from '../../schema/error-codes.ts'
import type { Cluster } from '../cluster/cluster.ts'
import { isNodeId } from '../cluster/envelope.ts'
import type { Questions } from '../cluster/questions.ts'
import type { StreamQuestion, Streams } from './streams.ts'

const topic = 'stream'
const types = ['post', 'poll', 'leave'] as const

/** Asks the node that has the session; @throws RoomlogError 'session-unknown' where there is no such node */
export const forwardTo =
  ({ nodes, questions }: Pick<Cluster, 'nodes' | 'questions'>) =>
  async (node: string, question: StreamQuestion): Promise<string> => {
    if (!isNodeId(node) || !nodes.others.has(node))
      throw new RoomlogError('session-unknown', 'its node is not there')
    return Buffer.from(await questions.ask(node, topic, writeQuestion(question))).toString()
  }

export const answerForwarded = (
  questions: Pick<Questions, 'answer'>,
  streams: Pick<Streams, 'answer'>
): void => questions.answer(topic, async (body) => Buffer.from(await streams.answer(readQuestion(body))))

const writeQuestion = (question: StreamQuestion): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, types.indexOf(question.type))
    encoding.writeVarString(encoder, question.id)
    if (question.type === 'poll') encoding.writeVarUint(encoder, question.had)
    if (question.type !== 'post') return
    encoding.writeVarUint(encoder, question.number)
    encoding.writeUint8Array(encoder, question.body)
  })

/** Here nobody knows whether who asks is still there: the answer comes soon. */
const { signal } = new AbortController()

/** @throws RoomlogError 'request-invalid' of a node that speaks otherwise, perhaps of another version */
const readQuestion = (body: Uint8Array): StreamQuestion => {
  const decoder = decoding.createDecoder(body)
  const type = types[decoding.readVarUint(decoder)]
  if (type === undefined) throw new RoomlogError('request-invalid', 'no such question about a stream')
  const id = decoding.readVarString(decoder)
  if (type === 'leave') return { type, id }
  const number = decoding.readVarUint(decoder)
  if (type === 'poll') return { type, id, had: number, signal }
  return { type, id, number, body: decoding.readTailAsUint8Array(decoder) }
}
