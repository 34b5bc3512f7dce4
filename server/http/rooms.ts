import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { noSuchRoom } from '../room/room-table.ts'
import type { RoomInfo } from '../room/rooms.ts'
import {
  type Api,
  type ApiParts,
  epochShape,
  jsonResponse,
  limitBody,
  limitQuery,
  problemResponse,
  roomParam,
  seqShape,
  toRoomName
} from './api.ts'

const listLimitMax = 1_000
/** A deck of cards is among what rooms are made from. */
const creationBytesMax = 256 * 1024

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
  description:
    'Whoever creates a room becomes a member, in the role that its kind gives to creators: mostly the first one. Where auth is ' +
    'configured, that takes a grant that covers the room with a role that may write (`{ "room": "form/*", "role": "editor" }`); ' +
    'as long as a token has it, the grant counts before the membership. A room that belongs ' +
    'to another is created by those who may, and takes its roles from there.',
  middleware: limitBody(creationBytesMax),
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            name: z.string().openapi({ example: 'form/42' }),
            storage: z.unknown().optional().describe('What its kind makes a new room from, where it says so')
          })
        }
      }
    }
  },
  responses: { 201: jsonResponse('The room', roomShape), ...problemResponse }
})

const list = createRoute({
  method: 'get',
  path: '/api/rooms',
  tags: ['Rooms'],
  summary: 'List rooms that you may read, by name',
  description:
    'Those that a grant of your token names and those that you are a member of; where no auth is configured, all that stand for themselves. With `parent`, those that belong to a room. A page may have fewer rooms than its limit, and another one behind it.',
  request: {
    query: z.object({
      kind: z.string().optional(),
      parent: z.string().optional().describe('Rooms that belong to this one, `form/42`'),
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

export const addRooms = (
  api: Api,
  { rooms, behaviours, authority, admission, kinds, audit, addressOf, changed }: ApiParts
): void => {
  api.openapi(create, async (c) => {
    const { name, storage } = c.req.valid('json')
    const identity = await admission.identity(c)
    const room = toRoomName(name)
    await behaviours.create(await authority.authorizeCreation(identity, room), storage)
    authority.forget(room)
    const info = await rooms.find(room)
    if (!info) throw noSuchRoom(room)
    return c.json(toBody(info), 201, { location: `/api/rooms/${encodeURIComponent(room)}` })
  })

  api.openapi(list, async (c) => {
    const visibleTo = await admission.identity(c)
    const { kind = null, parent, after, limit } = c.req.valid('query')
    if (kind !== null && !kinds.has(kind)) {
      throw new RoomlogError('kind-unknown', `the kinds are ${[...kinds.keys()].join(', ')}`)
    }
    const name = after === undefined ? null : toRoomName(after)
    const under = parent === undefined ? null : (await admission.reader(c, parent)).room
    const page =
      under === null
        ? await rooms.list({ kind, after: name, limit, visibleTo })
        : await rooms.children(under, { kind, after: name, limit })
    const next = page.length < limit ? null : (page.at(-1)?.name ?? null)
    return c.json({ rooms: (await rooms.readable(visibleTo, page, under)).map(toBody), next }, 200)
  })

  api.openapi(read, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const info = await rooms.find(room)
    if (!info) throw noSuchRoom(room)
    return c.json(toBody(info), 200)
  })

  api.openapi(remove, async (c) => {
    const { room, identity } = await admission.owner(c, c.req.valid('param').room)
    await rooms.remove(room)
    const address = addressOf(c.env.incoming)
    audit.record({ room, userId: identity.user.id, action: 'room-deleted', code: null, detail: {}, address })
    await changed(room)
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
