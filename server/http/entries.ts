import { createRoute, z } from '@hono/zod-openapi'
import type { RoomName, Seq } from '../../schema/room-name.ts'
import { type Entry, noSuchRoom } from '../room/room-table.ts'
import type { Rooms } from '../room/rooms.ts'
import {
  type Api,
  type ApiParts,
  afterQuery,
  jsonResponse,
  limitQuery,
  problemResponse,
  roomParam,
  seqShape,
  toAfter
} from './api.ts'

const entriesMax = 1_000
/** A page ends early when it holds this much; so many entries are read at once. */
const pageBytesMax = 4 * 1024 * 1024
const readEntriesMax = 100

const entryShape = z
  .object({
    seq: seqShape,
    author: z.string(),
    at: z.iso.datetime(),
    bytes: z.number().int(),
    cause: z.unknown(),
    update: z.string().nullable().describe('A Yjs v1 update as base64; null for an event'),
    event: z.unknown()
  })
  .openapi('Entry')

const list = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/entries',
  tags: ['History'],
  summary: 'Read the log',
  request: {
    params: roomParam,
    query: z.object({
      after: afterQuery.describe('Entries behind this seq: `next` of the page before'),
      limit: limitQuery(entriesMax)
    })
  },
  responses: {
    200: jsonResponse(
      'A page in the order of the log; it may be shorter than `limit`; `next` is null at the head',
      z.object({ entries: z.array(entryShape), next: seqShape.nullable() })
    ),
    ...problemResponse
  }
})

export const addEntries = (api: Api, { rooms, admission }: ApiParts): void => {
  api.openapi(list, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const { after, limit } = c.req.valid('query')
    const { entries, isLast } = await readPage(rooms, { room, after: toAfter(after) ?? (0 as Seq), limit })
    if (entries.length === 0 && !(await rooms.find(room))) throw noSuchRoom(room)
    const next = isLast ? null : (entries.at(-1)?.seq ?? null)
    return c.json({ entries: entries.map(toBody), next }, 200)
  })
}

const readPage = async (
  rooms: Rooms,
  { room, after, limit }: { room: RoomName; after: Seq; limit: number }
): Promise<{ entries: Entry[]; isLast: boolean }> => {
  const entries: Entry[] = []
  let bytes = 0
  while (entries.length < limit && bytes < pageBytesMax) {
    const wanted = Math.min(readEntriesMax, limit - entries.length)
    const read = await rooms.entries(room, entries.at(-1)?.seq ?? after, wanted)
    entries.push(...read)
    for (const entry of read) bytes += entry.bytes
    if (read.length < wanted) return { entries, isLast: true }
  }
  return { entries, isLast: false }
}

const toBody = (entry: Entry): z.infer<typeof entryShape> => ({
  seq: entry.seq,
  author: entry.author,
  at: entry.at.toISOString(),
  bytes: entry.bytes,
  cause: entry.cause,
  update: entry.update === null ? null : Buffer.from(entry.update).toString('base64'),
  event: entry.event
})
