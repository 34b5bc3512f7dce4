import { createRoute, z } from '@hono/zod-openapi'
import { assertMayManage } from '../auth/access.ts'
import { type AuditRow, auditActions } from '../auth/audit.ts'
import { assertAdministrator } from './admission.ts'
import { type Api, type ApiParts, jsonResponse, limitQuery, problemResponse } from './api.ts'

const limitMax = 1_000

const rowShape = z
  .object({
    id: z.uuid().describe('Greater than those before it'),
    at: z.iso.datetime(),
    room: z.string().nullable(),
    user: z.string().describe('Who did it; empty where nobody knows'),
    action: z.enum(auditActions),
    code: z.string().nullable().describe('Of a refusal: its name'),
    detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    address: z.string().describe('From where'),
    count: z.number().int().describe('How often: equal refusals within a few seconds are one row')
  })
  .openapi('AuditRow')

const list = createRoute({
  method: 'get',
  path: '/api/audit',
  tags: ['Operations'],
  summary: 'What people did, and what was refused them',
  description:
    'The newest first, about a second after it happened, refusals some seconds. Administrators see everything; whoever manages a room sees what is about it, with `room`.',
  request: {
    query: z.object({
      room: z.string().max(256).optional(),
      user: z.string().max(128).optional(),
      action: z.enum(auditActions).optional(),
      code: z.string().max(64).optional(),
      after: z.uuid().optional().describe('Newer than the row of this id'),
      before: z.uuid().optional().describe('Older than the row of this id: `next` of the page before'),
      limit: limitQuery(limitMax)
    })
  },
  responses: {
    200: jsonResponse(
      'A page; `next` is null on the last one',
      z.object({ rows: z.array(rowShape), next: z.string().nullable() })
    ),
    ...problemResponse
  }
})

export const addAudit = (api: Api, { admission, readAudit }: ApiParts): void => {
  api.openapi(list, async (c) => {
    const { room, user, action, code, after, before, limit } = c.req.valid('query')
    const who = await admission.identity(c)
    if (!who.isAdmin) {
      if (room === undefined) assertAdministrator(who)
      else assertMayManage(await admission.reader(c, room))
    }
    const rows = await readAudit({
      room: room ?? null,
      user: user ?? null,
      action: action ?? null,
      code: code ?? null,
      after: after ?? null,
      before: before ?? null,
      limit
    })
    const next = rows.length < limit ? null : (rows.at(-1)?.id ?? null)
    return c.json({ rows: rows.map(toBody), next }, 200)
  })
}

const toBody = ({ userId, at, ...row }: AuditRow): z.infer<typeof rowShape> => ({
  ...row,
  user: userId,
  at: at.toISOString()
})
