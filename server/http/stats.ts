import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { noSuchRoom } from '../room/room-table.ts'
import type { RoomStats } from '../room/rooms.ts'
import { heartbeatOf } from '../session/heartbeat.ts'
import { type Api, type ApiParts, jsonResponse, problemResponse, roomParam, seqShape } from './api.ts'

const count = z.number().int()
const ms = z.number()

const latencyShape = z
  .object({ count, minMs: ms, meanMs: ms, p50Ms: ms, p95Ms: ms, p99Ms: ms, maxMs: ms })
  .openapi('Latency')

const roomStatsShape = z
  .object({
    room: z.string(),
    seq: seqShape,
    connections: count,
    heartbeat: z
      .object({ pingMs: ms, goneMs: ms })
      .describe('When a session here of which nothing is heard is asked, and when it is gone'),
    waiting: count.describe('Entries that are not committed yet'),
    acknowledge: latencyShape.nullable().describe('From taking an update to telling its author'),
    broadcast: latencyShape.nullable().describe('From taking an update to sending it to the others')
  })
  .openapi('RoomStats')

const nodeStatsShape = z
  .object({
    nodeVersion: z.string(),
    uptimeSeconds: count,
    memory: z.object({ rssBytes: count, heapUsedBytes: count, externalBytes: count }),
    eventLoopDelay: z
      .object({ p50Ms: ms, p99Ms: ms, maxMs: ms })
      .describe('How late the event loop was, over the last one to two minutes'),
    rooms: count.describe('Open on this node'),
    roomsAwake: count.describe('Of these, those whose document is in memory: the others are only read'),
    sessions: count,
    connections: count,
    waitingEntries: count,
    waitingBytes: count,
    unsentBytes: count.describe('What was written for the sessions here and their readers have not taken')
  })
  .openapi('NodeStats')

const ofRoom = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/stats',
  tags: ['Operations'],
  summary: 'Latency and load of a room, on this node',
  request: { params: roomParam },
  responses: { 200: jsonResponse('As this node sees it', roomStatsShape), ...problemResponse }
})

const ofNode = createRoute({
  method: 'get',
  path: '/api/stats',
  tags: ['Operations'],
  summary: 'Health and load of this node',
  description: 'For administrators; for everybody where no auth is configured.',
  responses: { 200: jsonResponse('This process', nodeStatsShape), ...problemResponse }
})

export const addStats = (api: Api, parts: ApiParts): void => {
  const { rooms, admission, authority, processHealth, config } = parts
  api.openapi(ofRoom, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const stats = rooms.stats(room)
    const heartbeat = heartbeatOf(config, [room])
    if (stats) return c.json({ ...toBody(stats), heartbeat }, 200)
    const info = await rooms.find(room)
    if (!info) throw noSuchRoom(room)
    const asleep = { connections: 0, waiting: 0, acknowledge: null, broadcast: null }
    return c.json({ room, seq: info.head, heartbeat, ...asleep }, 200)
  })

  api.openapi(ofNode, async (c) => {
    const who = await admission.identity(c)
    if (!who.isAdmin && !authority.takesGuests) {
      throw new RoomlogError('forbidden', `${who.user.id} has no grant of admin for *`)
    }
    return c.json({ ...processHealth(), ...rooms.nodeStats() }, 200)
  })
}

const toBody = (stats: RoomStats): Omit<z.infer<typeof roomStatsShape>, 'heartbeat'> => ({
  room: stats.room,
  seq: stats.seq,
  connections: stats.connections,
  waiting: stats.waiting,
  acknowledge: stats.acknowledge,
  broadcast: stats.broadcast
})
