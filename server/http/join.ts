import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { kindOf } from '../../schema/room-name.ts'
import type { Identity } from '../auth/identity.ts'
import { type Api, type ApiParts, jsonBodyBytesMax, jsonResponse, limitBody, problemResponse } from './api.ts'

const joinedShape = z
  .object({
    room: z.string(),
    role: z.string().describe('The one that they have there now'),
    kind: z.string()
  })
  .openapi('Joined')

const join = createRoute({
  method: 'post',
  path: '/api/join',
  tags: ['People'],
  summary: 'Join a room by an invite',
  description:
    'Whoever the token speaks for, a guest too, becomes a member. Whoever is one keeps the higher of both roles, and spends no use of the invite. A code may be written with spaces, dashes and small letters. Codes that are wrong, expired or used up have one answer; trying many of them has to wait.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({ code: z.string().max(256).openapi({ example: 'CDF-739' }) })
        }
      }
    }
  },
  responses: { 200: jsonResponse('The room', joinedShape), ...problemResponse }
})

export const addJoin = (api: Api, parts: ApiParts): void => {
  const { invites, joinAttempts, authority, admission, audit, changed, addressOf } = parts
  const tryCode = async (identity: Identity, code: string, address: string) => {
    await joinAttempts.take(address)
    const joined = await invites.join(identity, code)
    await joinAttempts.giveBack(address)
    return joined
  }
  api.openapi(join, async (c) => {
    const identity = await admission.identity(c)
    const address = addressOf(c.env.incoming)
    const about = { userId: identity.user.id, address }
    try {
      const { room, isNew } = await tryCode(identity, c.req.valid('json').code, address)
      if (isNew) await changed(room)
      const { role } = await authority.authorize(identity, room)
      if (isNew) audit.record({ ...about, room, action: 'joined', code: null, detail: { role } })
      return c.json({ room, role, kind: kindOf(room) }, 200)
    } catch (error) {
      if (error instanceof RoomlogError && ['invite-invalid', 'too-many'].includes(error.reason)) {
        // Not the code: it may be one letter away from a good one.
        audit.record({ ...about, room: null, action: 'join-refused', code: error.reason, detail: {} })
      }
      throw error
    }
  })
}
