import { createRoute, z } from '@hono/zod-openapi'
import { decodeStateVector } from 'yjs'
import { RoomlogError } from '../../schema/error-codes.ts'
import type { Epoch, Seq } from '../../schema/room-name.ts'
import {
  type Api,
  type ApiParts,
  afterQuery,
  epochShape,
  jsonResponse,
  limitBody,
  problemResponse,
  roomParam,
  seqShape,
  toAt
} from './api.ts'
import { compressed } from './compressed.ts'

const bytesType = 'application/octet-stream'
const bytesShape = z.string().openapi({ format: 'binary' })
const positionHeaders = z.object({ 'Roomlog-Seq': z.string(), 'Roomlog-Epoch': z.string() })

const read = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/doc',
  tags: ['Document'],
  summary: 'Read the document as a Yjs update',
  request: {
    params: roomParam,
    query: z.object({
      sv: z
        .string()
        .optional()
        .describe('Your state vector as base64url: you get what you lack. Without it: all'),
      at: afterQuery.describe('The document as it stood at this seq')
    })
  },
  responses: {
    200: {
      description: 'A Yjs v1 update',
      headers: positionHeaders,
      content: { [bytesType]: { schema: bytesShape } }
    },
    ...problemResponse
  }
})

const write = createRoute({
  method: 'post',
  path: '/api/rooms/{room}/doc',
  tags: ['Document'],
  summary: 'Write a Yjs update',
  description: 'Answers when it is committed. It passes the same checks as one over a WebSocket.',
  request: { params: roomParam, body: { required: true, content: { [bytesType]: { schema: bytesShape } } } },
  responses: {
    200: {
      ...jsonResponse(
        'The room stands at `seq`; `changed` is false if it had all of this before',
        z.object({ seq: seqShape, epoch: epochShape, changed: z.boolean() })
      ),
      headers: positionHeaders
    },
    ...problemResponse
  }
})

export const addDocument = (api: Api, { rooms, admission, config }: ApiParts): void => {
  api.openapi(read, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const { sv, at } = c.req.valid('query')
    const { update, ...position } = await rooms.diff(room, toStateVector(sv), toAt(at))
    const { body, headers } = await compressed(c, update)
    return c.body(body, 200, { ...toHeaders(position), ...headers, 'content-type': bytesType })
  })

  api.openapi({ ...write, middleware: limitBody(config.frameBytesMax) }, async (c) => {
    const access = await admission.writer(c, c.req.valid('param').room)
    const type = c.req.header('content-type')
    // Any page may send text/plain to any server; this type makes a browser ask before.
    if (type !== bytesType)
      throw new RoomlogError('request-invalid', `content-type ${type} is not ${bytesType}`)
    const update = new Uint8Array(await c.req.arrayBuffer())
    if (update.length === 0) throw new RoomlogError('message-malformed', 'the body is empty')
    const { changed, ...position } = await rooms.edit(access.room, access, update)
    return c.json({ ...position, changed }, 200, toHeaders(position))
  })
}

const toHeaders = ({ seq, epoch }: { seq: Seq; epoch: Epoch }): Record<string, string> => ({
  'roomlog-seq': String(seq),
  'roomlog-epoch': String(epoch)
})

const toStateVector = (text: string | undefined): Uint8Array | null => {
  if (text === undefined) return null
  if (!/^[A-Za-z0-9_-]+$/.test(text)) throw new RoomlogError('message-malformed', 'sv is not base64url')
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  try {
    decodeStateVector(bytes)
  } catch (error) {
    throw new RoomlogError('message-malformed', `sv is no state vector: ${bytes.length} bytes`, {
      cause: error
    })
  }
  return bytes
}
