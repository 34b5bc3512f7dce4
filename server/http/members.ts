import { createRoute, z } from '@hono/zod-openapi'
import { RoomlogError } from '../../schema/error-codes.ts'
import { cleanName, userIdShape } from '../auth/claims.ts'
import type { Member } from '../auth/members.ts'
import {
  type Api,
  type ApiParts,
  jsonBodyBytesMax,
  jsonResponse,
  limitBody,
  problemResponse,
  roomParam
} from './api.ts'

const memberShape = z
  .object({
    userId: z.string(),
    name: z.string().describe('Empty where nobody said it'),
    role: z.string(),
    grantedBy: z.string().nullable().describe('The user who gave the role; null: they made the room'),
    since: z.iso.datetime(),
    lastSeen: z.iso
      .datetime()
      .nullable()
      .describe('When they last came to the room or left it, to the minute; null: never'),
    takes: z
      .object({ role: z.string(), until: z.iso.datetime(), reason: z.string() })
      .nullable()
      .describe('The role that they have taken for a limited time')
  })
  .openapi('Member')

const memberParam = roomParam.extend({
  user: userIdShape.openapi({
    param: { name: 'user', in: 'path' },
    description: 'The id of the user, percent-encoded'
  })
})

const list = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/members',
  tags: ['People'],
  summary: 'Who belongs to a room',
  description:
    'In the order in which they came. Not those who are let in by a grant of their token, or by the room that this one belongs to.',
  request: { params: roomParam },
  responses: {
    200: jsonResponse('All of them', z.object({ members: z.array(memberShape) })),
    ...problemResponse
  }
})

const read = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/members/{user}',
  tags: ['People'],
  summary: 'Read about one member',
  request: { params: memberParam },
  responses: { 200: jsonResponse('The member', memberShape), ...problemResponse }
})

const set = createRoute({
  method: 'put',
  path: '/api/rooms/{room}/members/{user}',
  tags: ['People'],
  summary: 'Give somebody a role',
  description:
    'For whoever manages the room. It acts at once, also on open connections. Nobody gives or takes a role above their own; the last owner stays one.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    params: memberParam,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            role: z.string().max(64),
            name: z.string().max(256).optional().describe('What they are called where they are not there')
          })
        }
      }
    }
  },
  responses: { 200: jsonResponse('The member', memberShape), ...problemResponse }
})

const remove = createRoute({
  method: 'delete',
  path: '/api/rooms/{room}/members/{user}',
  tags: ['People'],
  summary: 'Send somebody away, or leave',
  description:
    'Their connections to this room, and to those that belong to it, end with `forbidden`. A link that they still have lets them in again: remove it too.',
  request: { params: memberParam },
  responses: { 204: { description: 'They do not belong to the room any more' }, ...problemResponse }
})

export const addMembers = (api: Api, { members, admission, audit, changed, addressOf }: ApiParts): void => {
  api.openapi(list, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    return c.json({ members: (await members.list(room)).map(toBody) }, 200)
  })

  api.openapi(read, async (c) => {
    const { room: name, user } = c.req.valid('param')
    const { room } = await admission.reader(c, name)
    const member = await members.find(room, user)
    if (member === null) throw new RoomlogError('not-found', `${user} is no member of ${room}`)
    return c.json(toBody(member), 200)
  })

  api.openapi(set, async (c) => {
    const { room: name, user } = c.req.valid('param')
    const { role, name: called } = c.req.valid('json')
    const access = await admission.reread(c, name)
    const { room, identity } = access
    const before = await members.set(access, {
      userId: user,
      role,
      name: called === undefined ? null : cleanName(called)
    })
    audit.record({
      room,
      userId: identity.user.id,
      action: 'member-set',
      code: null,
      detail: { member: user, role, before },
      address: addressOf(c.env.incoming)
    })
    await changed(room)
    const member = await members.find(room, user)
    if (member === null) throw new RoomlogError('not-found', `${user} was removed from ${room} meanwhile`)
    return c.json(toBody(member), 200)
  })

  api.openapi(remove, async (c) => {
    const { room: name, user } = c.req.valid('param')
    const access = await admission.reread(c, name)
    const { room, identity } = access
    const before = await members.remove(access, user)
    audit.record({
      room,
      userId: identity.user.id,
      action: identity.user.id === user ? 'member-removed' : 'kicked',
      code: null,
      detail: { member: user, before },
      address: addressOf(c.env.incoming)
    })
    await changed(room)
    return c.body(null, 204)
  })
}

const toBody = (member: Member): z.infer<typeof memberShape> => ({
  userId: member.userId,
  name: member.name,
  role: member.role,
  grantedBy: member.grantedBy,
  since: member.since.toISOString(),
  lastSeen: member.lastSeen?.toISOString() ?? null,
  takes: member.takes && { ...member.takes, until: member.takes.until.toISOString() }
})
