/** `/stream`: sessions over HTTP alone. What is said in them is the same as on `/ws`, the token included. */
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { RoomlogError } from '../../schema/error-codes.ts'
import { type Api, type ApiContext, type ApiParts, limitBody } from './api.ts'

const path = '/stream'
const bytesType = 'application/octet-stream'

export const isStreamPath = (text: string): boolean => text === path || text.startsWith(`${path}/`)

/** Nobody between here and the client may keep, change or collect it. */
const eventHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff'
}

export const addStreams = (api: Api, { streams }: ApiParts): void => {
  api.get(path, async (c) => {
    const { incoming, outgoing } = c.env
    if (c.req.query('poll') !== undefined)
      return c.body(await streams.openPolled(incoming), 200, eventHeaders)
    if (!('assignSocket' in outgoing)) throw new RoomlogError('request-invalid', 'streams need HTTP/1.1 here')
    // Those of the origin are on it already.
    await streams.open(incoming, outgoing, { ...Object.fromEntries(c.res.headers), ...eventHeaders })
    return RESPONSE_ALREADY_SENT
  })

  api.get(`${path}/:id`, async (c) => {
    const had = toCount(c, 'had')
    const { signal } = c.req.raw
    return c.body(await streams.ask({ type: 'poll', id: c.req.param('id'), had, signal }), 200, eventHeaders)
  })

  api.delete(`${path}/:id`, async (c) => {
    await streams.ask({ type: 'leave', id: c.req.param('id') })
    return c.body(null, 204)
  })

  api.post(`${path}/:id`, limitBody(streams.bodyBytesMax), async (c) => {
    const type = c.req.header('content-type')
    // Any page may send text/plain to any server; this type makes a browser ask before.
    if (type !== bytesType)
      throw new RoomlogError('request-invalid', `content-type ${type} is not ${bytesType}`)
    const number = toCount(c, 'n')
    const body = new Uint8Array(await c.req.arrayBuffer())
    await streams.ask({ type: 'post', id: c.req.param('id'), number, body })
    return c.body(null, 204)
  })
}

/** @throws RoomlogError 'request-invalid' */
const toCount = (c: ApiContext, name: string): number => {
  const text = c.req.query(name) ?? ''
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new RoomlogError('request-invalid', `${name}=${text.slice(0, 32)} is no count`)
}
