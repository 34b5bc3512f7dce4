import { createRoute, z } from '@hono/zod-openapi'
import {
  type Api,
  type ApiParts,
  afterQuery,
  epochShape,
  jsonResponse,
  problemResponse,
  roomParam,
  seqShape,
  toAfter
} from './api.ts'

const viewShape = z.object({ seq: seqShape, epoch: epochShape, data: z.unknown() }).openapi('View')

const read = createRoute({
  method: 'get',
  path: '/api/rooms/{room}/view',
  tags: ['Rooms'],
  summary: 'Read the document as JSON',
  request: {
    params: roomParam,
    query: z.object({ after: afterQuery.describe('Wait up to 5 s for this seq, to read what you wrote') })
  },
  responses: {
    200: jsonResponse('The document as it stands at `seq`', viewShape),
    ...problemResponse
  }
})

export const addView = (api: Api, { rooms, admission }: ApiParts): void => {
  api.openapi(read, async (c) => {
    const { room } = await admission.reader(c, c.req.valid('param').room)
    const { seq, epoch, data } = await rooms.view(room, { after: toAfter(c.req.valid('query').after) })
    const body: z.infer<typeof viewShape> = { seq, epoch, data }
    return c.json(body, 200)
  })
}
