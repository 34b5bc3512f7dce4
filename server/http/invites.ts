import { createRoute, z } from '@hono/zod-openapi'
import { type Invite, usesMax } from '../auth/invites.ts'
import {
  type Api,
  type ApiParts,
  jsonBodyBytesMax,
  jsonResponse,
  limitBody,
  problemResponse,
  roomParam
} from './api.ts'

const kindShape = z.enum(['link', 'code'])

const inviteFields = {
  id: z.uuid(),
  kind: kindShape,
  role: z.string(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  usesLeft: z.number().int()
}

const inviteShape = z.object(inviteFields).openapi('Invite')

const newInviteShape = z
  .object({
    ...inviteFields,
    code: z.string().describe('Told this once: only a hash of it is kept'),
    path: z.string().describe('Where a page can offer to join: `/j/` and the code')
  })
  .openapi('NewInvite')

const create = createRoute({
  method: 'post',
  path: '/api/rooms/{room}/invites',
  tags: ['People'],
  summary: 'Invite people',
  description:
    'For whoever manages the room, to a role that is not above their own. A `link` cannot be guessed: for a week and 100 people, if nothing else is said, a year at most. A `code` has six characters to be read aloud: for ten minutes and one person, a day at most.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    params: roomParam,
    body: {
      required: true,
      content: {
        'application/json': {
          schema: z.object({
            role: z.string().max(64),
            kind: kindShape.default('link'),
            expiresInSeconds: z.number().int().min(1).max(31_622_400).optional(),
            uses: z.number().int().min(1).max(usesMax).optional().describe('How many people may join by it')
          })
        }
      }
    }
  },
  responses: { 201: jsonResponse('The invite', newInviteShape), ...problemResponse }
})

const list = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/invites',
  tags: ['People'],
  summary: 'Invites that people can still join by',
  description: 'For whoever manages the room.',
  request: { params: roomParam },
  responses: {
    200: jsonResponse('Without their codes', z.object({ invites: z.array(inviteShape) })),
    ...problemResponse
  }
})

const remove = createRoute({
  method: 'delete',
  path: '/api/rooms/{room}/invites/{id}',
  tags: ['People'],
  summary: 'Take an invite back',
  description: 'For whoever manages the room. Those who joined by it stay.',
  request: { params: roomParam.extend({ id: z.uuid().openapi({ param: { name: 'id', in: 'path' } }) }) },
  responses: { 204: { description: 'Nobody joins by it any more' }, ...problemResponse }
})

export const addInvites = (api: Api, { invites, admission, audit, addressOf }: ApiParts): void => {
  api.openapi(create, async (c) => {
    const { role, kind, expiresInSeconds = null, uses = null } = c.req.valid('json')
    const access = await admission.reader(c, c.req.valid('param').room)
    const { invite, code } = await invites.make(access, { role, kind, expiresInSeconds, uses })
    audit.record({
      room: access.room,
      userId: access.identity.user.id,
      action: 'invited',
      code: null,
      detail: {
        invite: invite.id,
        kind,
        role,
        uses: invite.usesLeft,
        expiresAt: invite.expiresAt.toISOString()
      },
      address: addressOf(c.env.incoming)
    })
    return c.json({ ...toBody(invite), code, path: `/j/${code}` }, 201)
  })

  api.openapi(list, async (c) => {
    const access = await admission.reader(c, c.req.valid('param').room)
    return c.json({ invites: (await invites.list(access)).map(toBody) }, 200)
  })

  api.openapi(remove, async (c) => {
    const { room: name, id } = c.req.valid('param')
    const access = await admission.reader(c, name)
    await invites.remove(access, id)
    audit.record({
      room: access.room,
      userId: access.identity.user.id,
      action: 'invite-removed',
      code: null,
      detail: { invite: id },
      address: addressOf(c.env.incoming)
    })
    return c.body(null, 204)
  })
}

const toBody = (invite: Invite): z.infer<typeof inviteShape> => ({
  ...invite,
  createdAt: invite.createdAt.toISOString(),
  expiresAt: invite.expiresAt.toISOString()
})
