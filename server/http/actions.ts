import { createRoute, z } from '@hono/zod-openapi'
import {
  type Api,
  type ApiParts,
  epochShape,
  jsonBodyBytesMax,
  jsonResponse,
  limitBody,
  problemResponse,
  roomParam,
  seqShape
} from './api.ts'

const act = createRoute({
  method: 'post',
  path: '/api/rooms/{room}/actions/{action}',
  tags: ['Rooms'],
  summary: 'Ask the server to do something in a room',
  description:
    'Which actions there are, who may ask for them and what they take is up to the kind of the room. What one does is ' +
    'one entry of yours; it answers when that is committed. `action-refused` says in `complaints` what is in the way.',
  middleware: limitBody(jsonBodyBytesMax),
  request: {
    params: roomParam.extend({
      action: z.string().openapi({ param: { name: 'action', in: 'path' }, example: 'submit' })
    }),
    body: { required: false, content: { 'application/json': { schema: z.unknown() } } }
  },
  responses: {
    200: jsonResponse(
      'The room stands at `seq`; `changed` is false if there was nothing left to do',
      z.object({ seq: seqShape, epoch: epochShape, changed: z.boolean() })
    ),
    ...problemResponse
  }
})

export const addActions = (api: Api, { behaviours, admission }: ApiParts): void => {
  api.openapi(act, async (c) => {
    const { room, action } = c.req.valid('param')
    const access = await admission.reader(c, room)
    return c.json(await behaviours.act(access, action, c.req.valid('json')), 200)
  })
}
