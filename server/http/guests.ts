import { createRoute, z } from '@hono/zod-openapi'
import { type Api, type ApiParts, jsonBodyBytesMax, jsonResponse, limitBody, problemResponse } from './api.ts'

const guestNameLengthMax = 256

const userShape = z
  .object({
    id: z.string(),
    name: z.string(),
    color: z.string().nullable(),
    avatar: z.string().nullable()
  })
  .openapi('User')

const create = createRoute({
  method: 'post',
  path: '/api/guests',
  tags: ['People'],
  summary: 'A token for a guest',
  description: 'Only where no auth is configured. The token is good for 30 days.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    body: {
      required: true,
      content: { 'application/json': { schema: z.object({ name: z.string().max(guestNameLengthMax) }) } }
    }
  },
  responses: {
    201: jsonResponse('The token, and who it speaks for', z.object({ token: z.string(), user: userShape })),
    ...problemResponse
  }
})

export const addGuests = (api: Api, { authority }: ApiParts): void => {
  api.openapi(create, async (c) => c.json(await authority.guestToken(c.req.valid('json').name), 201))
}
