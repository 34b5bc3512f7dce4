import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { type JsonPatch, operationsMax, parsePatch } from '../../schema/json-patch.ts'
import { strategies } from '../../schema/merge-record.ts'
import { parseSeq, type Seq } from '../../schema/room-name.ts'
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
  toAfter,
  toAt
} from './api.ts'

const viewShape = z.object({ seq: seqShape, epoch: epochShape, data: z.unknown() }).openapi('View')

const read = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/view',
  tags: ['Rooms'],
  summary: 'Read the document as JSON',
  request: {
    params: roomParam,
    query: z.object({
      after: afterQuery.describe('Wait up to 5 s for this seq, to read what you wrote'),
      at: afterQuery.describe('The document as it stood at this seq')
    })
  },
  responses: {
    200: jsonResponse('The document as it stands at `seq`', viewShape),
    ...problemResponse
  }
})

const patchType = 'application/json-patch+json'

const patchDescription = `A JSON Patch (RFC 6902) on what \`GET\` of this address reads, as one edit: all of it or nothing, ${operationsMax}
operations at most. It passes the same checks as an edit over a WebSocket, and is answered when it is committed.
In a collection digits are an index, and anything else is the id of an entry: \`/items/0/name\`, \`/items/x1y2/name\`.
\`add\` to \`/items/-\` appends an entry, and to \`/items/2\` inserts one before that; its id is made by the server. \`move\`
within a collection changes the order, \`remove\` takes an entry out of sight. Of a text no more is changed than what
differs. Writing to a contested value, \`/items/0/start\`, claims it and so decides a conflict. \`remove\` gives a value its
default back. What stands inside of a value can be patched; it is written as that whole value. With \`If-Match\` the
patch is read against the view of that seq: places that nobody has changed since are written, and what becomes of the
others \`strategy\` says. A conflict is answered with \`version-conflict\` and, for each place, three values in
\`conflicts\`: as it was, as it is, as the patch would have it. Nothing is changed then.`

const patchedShape = viewShape
  .partial({ data: true })
  .extend({
    changed: z.boolean(),
    inserted: z.array(z.string()).describe('The paths of new entries, as in `items/x1y2`')
  })
  .openapi('Patched')

const patch = createRoute({
  method: 'patch',
  path: '/api/rooms/{room}/view',
  tags: ['Rooms'],
  summary: 'Edit the document as JSON',
  description: patchDescription,
  request: {
    params: roomParam,
    headers: z.object({
      'if-match': z.string().optional().describe('The `seq` of the view that the patch was made for'),
      prefer: z.string().optional().describe('`return=representation`: answer with the view, too')
    }),
    query: z.object({
      strategy: z
        .enum(strategies)
        .default('ask')
        .describe(
          'Where others changed the same since: `ask` refuses; `merge` keeps both changes of a text, if they are in different places, and refuses else; `last` takes yours'
        )
    }),
    body: {
      required: true,
      content: {
        [patchType]: {
          // Checked by `parsePatch`, which says what is wrong in the words of the RFC.
          schema: z.unknown().openapi('JsonPatch', {
            type: 'array',
            items: {
              type: 'object',
              required: ['op', 'path'],
              properties: {
                op: { enum: ['add', 'remove', 'replace', 'move', 'copy', 'test'] },
                path: { type: 'string' },
                from: { type: 'string' },
                value: {}
              }
            },
            example: [{ op: 'replace', path: '/title', value: 'Wedding' }]
          })
        }
      }
    }
  },
  responses: {
    200: jsonResponse('The room stands at `seq`; `changed` is false if it was so before', patchedShape),
    ...problemResponse
  }
})

export const addView = (api: Api, { rooms, admission, config }: ApiParts): void => {
  api.openapi(read, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const { after, at } = c.req.valid('query')
    const { seq, epoch, data } = await rooms.view(room, { after: toAfter(after), at: toAt(at) })
    const body: z.infer<typeof viewShape> = { seq, epoch, data }
    return c.json(body, 200)
  })

  api.openapi({ ...patch, middleware: limitBody(config.frameBytesMax) }, async (c) => {
    const by = await admission.writer(c, c.req.valid('param').room)
    const { 'if-match': ifMatch, prefer } = c.req.valid('header')
    const base = toBase(ifMatch)
    const { strategy } = c.req.valid('query')
    const patch = readPatch(c.req.header('content-type'), c.req.valid('json'))
    const done = await rooms.patch(by.room, { by, patch, base, strategy })
    const view = wantsView(prefer) ? await rooms.view(by.room, { after: null }) : {}
    const body: z.infer<typeof patchedShape> = { ...done, inserted: [...done.inserted], ...view }
    return c.json(body, 200)
  })
}

/** A seq, in quotes or not. */
const toBase = (header: string | undefined): Seq | null => {
  if (header === undefined) return null
  const seq = parseSeq(header.replace(/^"(.*)"$/, '$1'))
  if (seq !== null) return seq
  throw new RoomlogError('seq-invalid', `If-Match: ${header.slice(0, 32)}`)
}

const wantsView = (prefer: string | undefined): boolean =>
  prefer?.split(',').some((wish) => wish.trim() === 'return=representation') ?? false

const readPatch = (type: string | undefined, body: unknown): JsonPatch => {
  // Any page may send text/plain to any server; this type makes a browser ask before.
  if (type?.split(';', 1)[0] !== patchType)
    throw new RoomlogError('request-invalid', `content-type ${type} is not ${patchType}`)
  return parsePatch(body)
}
