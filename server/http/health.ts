import { createRoute, z } from '@hono/zod-openapi'
import { type Api, type ApiParts, jsonResponse, problemResponse } from './api.ts'

const alive = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['Operations'],
  summary: 'The process lives',
  responses: { 200: jsonResponse('It does', z.object({ status: z.literal('alive') })) }
})

const ready = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['Operations'],
  summary: 'This node can commit, and let people in',
  description:
    'Answers 503 while it cannot, is `overloaded`, or is `draining`: a load balancer sends nobody here until that is over.',
  responses: {
    200: jsonResponse('It can', z.object({ status: z.literal('ready') })),
    ...problemResponse
  }
})

const measures = createRoute({
  method: 'get',
  path: '/metrics',
  tags: ['Operations'],
  summary: 'Measures for Prometheus',
  responses: { 200: { description: 'Text of Prometheus', content: { 'text/plain': { schema: z.string() } } } }
})

export const addHealth = (api: Api, { assertReady, metrics }: ApiParts): void => {
  api.openapi(alive, (c) => c.json({ status: 'alive' as const }, 200))
  api.openapi(ready, (c) => {
    assertReady()
    return c.json({ status: 'ready' as const }, 200)
  })
  api.openapi(measures, async (c) => {
    const { text, contentType } = await metrics.read()
    return c.text(text, 200, { 'content-type': contentType })
  })
}
