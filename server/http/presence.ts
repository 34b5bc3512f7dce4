import { createRoute, z } from '@hono/zod-openapi'
import { type ErrorCode, errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import { cleanName } from '../auth/claims.ts'
import type { Access, Identity } from '../auth/identity.ts'
import type { Member } from '../auth/members.ts'
import { stateBytesMax } from '../presence/announced.ts'
import { type Attendee, type AttendingUser, attendees } from '../presence/people.ts'
import { ways } from '../presence/statement.ts'
import type { Authority } from '../room/authorize.ts'
import {
  type Api,
  type ApiParts,
  jsonResponse,
  limitBody,
  problemResponse,
  roomParam,
  toRoomName
} from './api.ts'

const roomsMax = 50
const ttlSeconds = { least: 5, usual: 30, most: 300 }
/** What is sent beside the state. */
const bodyBytesMax = stateBytesMax + 1024

const deviceName = z.string().min(1).max(64).default('http')

const personShape = z
  .object({
    user: z.object({
      id: z.string(),
      name: z.string(),
      role: z.string(),
      color: z.string().nullable(),
      avatar: z.string().nullable()
    }),
    devices: z
      .array(
        z.object({
          clientId: z.number().int().describe('Of the awareness of Yjs'),
          device: z.string().nullable().describe('As `PUT` named it; null for a connection'),
          via: z.enum(ways),
          since: z.iso.datetime(),
          until: z.iso.datetime().nullable().describe('When its time is up; null: when it disconnects'),
          state: z.record(z.string(), z.unknown())
        })
      )
      .describe('Tabs and devices, the one that came first before others; none: they are not there'),
    lastSeen: z.iso.datetime().nullable().describe('Of whoever is not there, to the minute')
  })
  .openapi('Person')

const peopleShape = z.object({ people: z.array(personShape) }).openapi('People')

const read = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/presence',
  tags: ['People'],
  summary: 'Who is in a room',
  description:
    'On whichever node, and however: over a WebSocket, an event stream, or by `PUT` here. Somebody who left is gone within two heartbeats, also when their node died.',
  request: {
    params: roomParam,
    query: z.object({
      absent: z.stringbool().default(false).describe('Members who are not there, too')
    })
  },
  responses: { 200: jsonResponse('By the ids of the users', peopleShape), ...problemResponse }
})

const readMany = createRoute({
  method: 'get',
  path: '/api/presence',
  tags: ['People'],
  summary: 'Who is in some rooms',
  request: {
    query: z.object({
      rooms: z
        .string()
        .describe(`Names of rooms, separated by commas, ${roomsMax} at most: \`form/42,document/plan\``)
    })
  },
  responses: {
    200: jsonResponse(
      'By the names of the rooms',
      z.object({
        rooms: z.record(z.string(), peopleShape),
        refused: z.record(z.string(), z.string()).describe('Those that you may not read, and why: a code')
      })
    ),
    ...problemResponse
  }
})

const put = createRoute({
  method: 'put',
  path: '/api/rooms/{room}/presence',
  tags: ['People'],
  summary: 'Be in a room, for a while',
  description: `For screens and programs that hold no connection. Say it again before the time is up; to say it more often than every ${ttlSeconds.least} s is to no avail. Everybody in the room sees it, like a WebSocket client.`,
  middleware: limitBody(bodyBytesMax),
  request: {
    params: roomParam,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            device: deviceName.describe('Which of your devices: the same name is the same device'),
            state: z
              .record(z.string(), z.unknown())
              .default({})
              .describe(
                `As awareness has it; \`presence\` in it has the shape that the kind of the room says`
              ),
            ttl: z
              .number()
              .min(ttlSeconds.least)
              .max(ttlSeconds.most)
              .default(ttlSeconds.usual)
              .describe('Seconds')
          })
        }
      }
    }
  },
  responses: {
    200: jsonResponse(
      'You are there',
      z.object({ device: z.string(), clientId: z.number().int(), until: z.iso.datetime() })
    ),
    ...problemResponse
  }
})

const remove = createRoute({
  method: 'delete',
  path: '/api/rooms/{room}/presence',
  tags: ['People'],
  summary: 'Leave a room where you are by `PUT`',
  request: { params: roomParam, query: z.object({ device: deviceName }) },
  responses: { 204: { description: 'The device is not there' }, ...problemResponse }
})

export const addPresence = (api: Api, parts: ApiParts): void => {
  const { admission, presences, devices, members, authority } = parts

  api.openapi(read, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const { absent } = c.req.valid('query')
    const here = attendees((await presences.read([room])).get(room) ?? new Map())
    const known = new Set(here.map(({ user }) => user.id))
    const others = absent ? (await members.list(room)).filter(({ userId }) => !known.has(userId)) : []
    return c.json({ people: [...here.map(toBody), ...others.map(toAbsent)] }, 200)
  })

  api.openapi(readMany, async (c) => {
    const identity = await admission.identity(c)
    const names = [...new Set(c.req.valid('query').rooms.split(',').filter(Boolean))]
    if (names.length > roomsMax)
      throw new RoomlogError('request-invalid', `${names.length} rooms > ${roomsMax}`)
    const { allowed, refused } = await readable(authority, identity, names.map(toRoomName))
    const read = await presences.read(allowed)
    const rooms = allowed.map((room) => [
      room,
      { people: attendees(read.get(room) ?? new Map()).map(toBody) }
    ])
    return c.json({ rooms: Object.fromEntries(rooms), refused: Object.fromEntries(refused) }, 200)
  })

  api.openapi(put, async (c) => {
    const access = await admission.reader(c, c.req.valid('param').room)
    const { device, state, ttl } = c.req.valid('json')
    assertPresence(access, state)
    const name = toDeviceName(device)
    const { id: clientId, until } = devices.put(access, { device: name, state, ttlMs: ttl * 1000 })
    return c.json({ device: name, clientId, until: new Date(until).toISOString() }, 200)
  })

  api.openapi(remove, async (c) => {
    const access = await admission.reader(c, c.req.valid('param').room)
    await devices.end(access, toDeviceName(c.req.valid('query').device))
    return c.body(null, 204)
  })
}

/** @throws RoomlogError 'request-invalid' */
const toDeviceName = (text: string): string => {
  const name = cleanName(text)
  if (name !== '') return name
  throw new RoomlogError('request-invalid', `device ${JSON.stringify(text)} has no name`)
}

/** @throws RoomlogError 'value-invalid' what the SDK would not show to anybody */
const assertPresence = ({ definition }: Access, state: Readonly<Record<string, unknown>>): void => {
  if (state.presence === undefined) return
  const checked = definition.presence['~standard'].validate(state.presence)
  const issue = checked instanceof Promise ? 'is checked too slowly' : checked.issues?.[0]?.message
  if (issue !== undefined) throw new RoomlogError('value-invalid', issue, { path: 'presence' })
}

/** @throws RoomlogError of a fault that passes, or of the token: nothing can be said of any room then */
const readable = async (authority: Authority, identity: Identity, rooms: readonly RoomName[]) => {
  const refused = new Map<RoomName, ErrorCode>()
  const ask = async (room: RoomName): Promise<readonly RoomName[]> => {
    try {
      await authority.authorize(identity, room)
      return [room]
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      if (errorCodes[error.reason].retry || error.reason === 'token-invalid') throw error
      refused.set(room, error.reason)
      return []
    }
  }
  return { allowed: (await Promise.all(rooms.map(ask))).flat(), refused }
}

type Body = z.infer<typeof personShape>

const toBody = ({ user, devices }: Attendee): Body => ({
  user: { ...user },
  devices: devices.map(({ since, until, state, ...device }) => ({
    ...device,
    since: new Date(since).toISOString(),
    until: until === null ? null : new Date(until).toISOString(),
    state: { ...state }
  })),
  lastSeen: null
})

const toAbsent = ({ userId, name, role, takes, lastSeen }: Member): Body => {
  const user: AttendingUser = { id: userId, name, role: takes?.role ?? role, color: null, avatar: null }
  return { user, devices: [], lastSeen: lastSeen?.toISOString() ?? null }
}
