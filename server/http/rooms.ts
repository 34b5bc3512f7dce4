import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { noSuchRoom } from '../room/room-table.ts'
import type { RoomInfo } from '../room/rooms.ts'
import {
  type Api,
  type ApiParts,
  epochShape,
  jsonBodyBytesMax,
  jsonResponse,
  limitBody,
  limitQuery,
  problemResponse,
  roomParam,
  seqShape,
  toRoomName
} from './api.ts'

const listLimitMax = 1_000

const roomShape = z
  .object({
    name: z.string(),
    kind: z.string(),
    head: seqShape,
    epoch: epochShape,
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
    connections: z.number().int().describe('On this node')
  })
  .openapi('Room')

const create = createRoute({
  method: 'post',
  path: '/api/rooms',
  tags: ['Rooms'],
  summary: 'Create a room',
  description: 'Whoever creates a room is its owner: they get the first role of its kind.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    body: {
      required: true,
      content: {
        'application/json': { schema: z.object({ name: z.string().openapi({ example: 'form/42' }) }) }
      }
    }
  },
  responses: { 201: jsonResponse('The room', roomShape), ...problemResponse }
})

const list = createRoute({
  method: 'get',
  path: '/api/rooms',
  tags: ['Rooms'],
  summary: 'List rooms that you may see, by name',
  request: {
    query: z.object({
      kind: z.string().optional(),
      after: z.string().optional().describe('Rooms behind this name: `next` of the page before'),
      limit: limitQuery(listLimitMax)
    })
  },
  responses: {
    200: jsonResponse(
      'A page; `next` is null on the last one',
      z.object({ rooms: z.array(roomShape), next: z.string().nullable() })
    ),
    ...problemResponse
  }
})

const read = createRoute({
  method: 'get',
  path: '/api/rooms/{room}',
  tags: ['Rooms'],
  summary: 'Read about a room',
  request: { params: roomParam },
  responses: { 200: jsonResponse('The room', roomShape), ...problemResponse }
})

const remove = createRoute({
  method: 'delete',
  path: '/api/rooms/{room}',
  tags: ['Rooms'],
  summary: 'Delete a room',
  description: 'Its owner may, and an administrator.',
  request: { params: roomParam },
  responses: { 204: { description: 'It is deleted' }, ...problemResponse }
})

export const addRooms = (api: Api, { rooms, admission, kinds }: ApiParts): void => {
  api.openapi(create, async (c) => {
    const { room, identity } = await admission.writer(c, c.req.valid('json').name)
    const info = await rooms.create(room, identity.user)
    return c.json(toBody(info), 201, { location: `/api/rooms/${encodeURIComponent(room)}` })
  })

  api.openapi(list, async (c) => {
    const visibleTo = await admission.identity(c)
    const { kind = null, after, limit } = c.req.valid('query')
    if (kind !== null && !kinds.has(kind)) {
      throw new RoomlogError('kind-unknown', `the kinds are ${[...kinds.keys()].join(', ')}`)
    }
    const name = after === undefined ? null : toRoomName(after)
    const page = await rooms.list({ kind, after: name, limit, visibleTo })
    const next = page.length < limit ? null : (page.at(-1)?.name ?? null)
    return c.json({ rooms: page.map(toBody), next }, 200)
  })

  api.openapi(read, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const info = await rooms.find(room)
    if (!info) throw noSuchRoom(room)
    return c.json(toBody(info), 200)
  })

  api.openapi(remove, async (c) => {
    const { room } = await admission.owner(c, c.req.valid('param').room)
    await rooms.remove(room)
    return c.body(null, 204)
  })
}

const toBody = (info: RoomInfo): z.infer<typeof roomShape> => ({
  name: info.name,
  kind: info.kind,
  head: info.head,
  epoch: info.epoch,
  createdAt: info.createdAt.toISOString(),
  changedAt: info.changedAt.toISOString(),
  connections: info.connections
})
