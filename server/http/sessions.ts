import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { type Device, devicesOf, endDevice } from '../session/devices.ts'
import { assertAdministrator } from './admission.ts'
import { type Api, type ApiParts, jsonResponse, problemResponse } from './api.ts'

const deviceShape = z
  .object({
    id: z.string(),
    user: z.string(),
    address: z.string(),
    userAgent: z.string(),
    openedAt: z.iso.datetime(),
    rooms: z.array(z.string())
  })
  .openapi('Session')

const list = createRoute({
  method: 'get',
  path: '/api/sessions',
  tags: ['People'],
  summary: 'Your devices: your open sessions on this node',
  request: {
    query: z.object({
      user: z.string().max(128).optional().describe('For administrators: those of this user; `*` for all')
    })
  },
  responses: {
    200: jsonResponse('A thousand at most', z.object({ sessions: z.array(deviceShape) })),
    ...problemResponse
  }
})

const end = createRoute({
  method: 'delete',
  path: '/api/sessions/{id}',
  tags: ['People'],
  summary: 'End a session of yours',
  description:
    'An administrator may end any. The token that it came with is revoked, so that it does not just come back, unless it is the one that this is asked with.',
  request: { params: z.object({ id: z.uuid().openapi({ param: { name: 'id', in: 'path' } }) }) },
  responses: { 204: { description: 'It has ended' }, ...problemResponse }
})

export const addSessions = (api: Api, parts: ApiParts): void => {
  const { sessions, authority, admission, audit, addressOf } = parts
  api.openapi(list, async (c) => {
    const who = await admission.identity(c)
    const { user = who.user.id } = c.req.valid('query')
    if (user !== who.user.id) assertAdministrator(who)
    return c.json({ sessions: devicesOf(sessions(), user === '*' ? null : user).map(toBody) }, 200)
  })

  api.openapi(end, async (c) => {
    const who = await admission.identity(c)
    const { id } = c.req.valid('param')
    const ended = endDevice(sessions(), id, who.isAdmin ? null : who.user.id)
    if (ended === null)
      throw new RoomlogError('not-found', `${who.user.id} has no session ${id} on this node`)
    for (const tokenId of ended.tokenIds) if (tokenId !== who.tokenId) await authority.revoke({ tokenId })
    audit.record({
      room: null,
      userId: who.user.id,
      action: 'session-ended',
      code: null,
      detail: { session: id, of: ended.userIds.join(', ') },
      address: addressOf(c.env.incoming)
    })
    return c.body(null, 204)
  })
}

const toBody = ({ userId, openedAt, rooms, ...device }: Device): z.infer<typeof deviceShape> => ({
  ...device,
  user: userId,
  openedAt: new Date(openedAt).toISOString(),
  rooms: [...rooms]
})
