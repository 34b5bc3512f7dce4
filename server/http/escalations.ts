import { createRoute, z } from '@hono/zod-openapi'
import { userIdShape } from '../auth/claims.ts'
import {
  type Api,
  type ApiParts,
  jsonBodyBytesMax,
  jsonResponse,
  limitBody,
  problemResponse,
  roomParam
} from './api.ts'

const reasonLengthMin = 3
const reasonLengthMax = 500

const escalationShape = z
  .object({
    userId: z.string(),
    name: z.string(),
    role: z.string(),
    reason: z.string(),
    at: z.iso.datetime(),
    until: z.iso.datetime()
  })
  .openapi('Escalation')

const take = createRoute({
  method: 'post',
  path: '/api/rooms/{room}/escalations',
  tags: ['People'],
  summary: 'Take a role for a limited time',
  description:
    'For roles that the kind lets take another. It is in force at once, told to everybody in the room with its reason, recorded in the audit, and ends by itself. Taking again replaces what was taken before.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    params: roomParam,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            role: z.string().max(64),
            reason: z
              .string()
              .trim()
              .min(reasonLengthMin)
              .max(reasonLengthMax)
              .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters'),
            minutes: z.number().int().min(1)
          })
        }
      }
    }
  },
  responses: { 201: jsonResponse('What was taken', escalationShape), ...problemResponse }
})

const end = createRoute({
  method: 'delete',
  path: '/api/rooms/{room}/escalations/{user}',
  tags: ['People'],
  summary: 'Give a role back before its time',
  description: 'Whoever took it may, and whoever manages the room.',
  request: {
    params: roomParam.extend({ user: userIdShape.openapi({ param: { name: 'user', in: 'path' } }) })
  },
  responses: { 204: { description: 'It has ended' }, ...problemResponse }
})

export const addEscalations = (
  api: Api,
  { escalations, admission, audit, changed, addressOf }: ApiParts
): void => {
  api.openapi(take, async (c) => {
    const access = await admission.reader(c, c.req.valid('param').room)
    const { at, until, room, ...taken } = await escalations.take(access, c.req.valid('json'))
    const times = { at: new Date(at).toISOString(), until: new Date(until).toISOString() }
    audit.record({
      room,
      userId: taken.userId,
      action: 'escalated',
      code: null,
      detail: { role: taken.role, reason: taken.reason, until: times.until },
      address: addressOf(c.env.incoming)
    })
    await changed(room)
    return c.json({ ...taken, ...times }, 201)
  })

  api.openapi(end, async (c) => {
    const { room: name, user } = c.req.valid('param')
    const access = await admission.reader(c, name)
    const ended = await escalations.end(access, user)
    audit.record({
      room: ended.room,
      userId: access.identity.user.id,
      action: 'escalation-ended',
      code: null,
      detail: { of: user, role: ended.role, by: 'request' },
      address: addressOf(c.env.incoming)
    })
    await changed(ended.room)
    return c.body(null, 204)
  })
}
