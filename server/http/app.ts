/**
 * The HTTP side of a node. Each resource is one file; what holds for all of them is here:
 *
 *   request ──▶ observe ──▶ secure ──▶ origin, CORS ──▶ rate ──▶ resource
 *                  │                                                │ throws
 *               log, measure ◀── problem+json ◀──── boundary ◀──────┘
 */
import { OpenAPIHono } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { cors } from 'hono/cors'
import { routePath } from 'hono/route'
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import { monotonic, randomId } from '../clock.ts'
import { networkOf } from '../remote-address.ts'
import { addActions } from './actions.ts'
import { createAdmission, isWriting } from './admission.ts'
import type { Api, ApiContext, ApiEnv, ApiParts, AppParts } from './api.ts'
import { addApiDocs } from './api-docs.ts'
import { addApps } from './apps.ts'
import { addAudit } from './audit.ts'
import { addDocument } from './document.ts'
import { addEntries } from './entries.ts'
import { addEscalations } from './escalations.ts'
import { addGuests } from './guests.ts'
import { addHealth } from './health.ts'
import { addInvites } from './invites.ts'
import { addJoin } from './join.ts'
import { addKinds } from './kinds.ts'
import { addMembers } from './members.ts'
import { checkOrigin, isAllowedOrigin } from './origin.ts'
import { addPresence } from './presence.ts'
import { asRefusal, toProblem } from './problem.ts'
import { addRevocations } from './revocations.ts'
import { addRooms } from './rooms.ts'
import { addSessions } from './sessions.ts'
import { addStats } from './stats.ts'
import { addStreams, isStreamPath } from './streams.ts'
import { addView } from './view.ts'

export const createApp = (app: AppParts): Api => {
  const parts: ApiParts = { ...app, admission: createAdmission(app) }
  const api: Api = new OpenAPIHono<ApiEnv>({
    defaultHook(result) {
      if (result.success) return
      const [issue] = result.error.issues
      const where = issue?.path.map(String).join('.') ?? ''
      throw new RoomlogError('request-invalid', `${result.target} ${where}: ${issue?.message}`)
    }
  })
  api.onError((error, c) => answer(error, c, parts))
  api.notFound((c) => answer(new RoomlogError('not-found', describePath(c)), c, parts))
  api.use(observe(parts), secure, guardOrigin(parts), limitWrites(parts))
  addHealth(api, parts)
  addGuests(api, parts)
  addKinds(api, parts)
  addRooms(api, parts)
  addActions(api, parts)
  addView(api, parts)
  addDocument(api, parts)
  addEntries(api, parts)
  addStats(api, parts)
  addMembers(api, parts)
  addInvites(api, parts)
  addJoin(api, parts)
  addEscalations(api, parts)
  addPresence(api, parts)
  addSessions(api, parts)
  addRevocations(api, parts)
  addAudit(api, parts)
  addStreams(api, parts)
  addApiDocs(api)
  addApps(api, parts)
  return api
}

const requestIdPattern = /^[\w.:-]{1,64}$/

const observe =
  ({ logger, metrics }: ApiParts): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const startedAt = monotonic()
    const given = c.req.header('x-request-id')
    const requestId = given !== undefined && requestIdPattern.test(given) ? given : randomId()
    c.set('requestId', requestId)
    await next()
    c.res.headers.set('x-request-id', requestId)
    const { method, path } = c.req
    const durationMs = monotonic() - startedAt
    metrics.requested({ method, route: routePath(c), status: c.res.status, seconds: durationMs / 1000 })
    // The path alone: a query may hold a token.
    logger.debug(
      { requestId, method, path, status: c.res.status, durationMs: Math.round(durationMs) },
      'http request'
    )
  }

const secure: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next()
  const { headers } = c.res
  headers.set('x-content-type-options', 'nosniff')
  headers.set('referrer-policy', 'same-origin')
  // The headers of a 304 replace those that the page was kept with: a policy of ours would stop its scripts.
  if (c.res.status !== 304 && !headers.has('content-security-policy')) {
    headers.set('content-security-policy', `default-src 'none'; frame-ancestors 'none'`)
  }
  if (c.req.path.startsWith('/api/') && !headers.has('cache-control'))
    headers.set('cache-control', 'no-store')
}

const guardOrigin = ({ config, authority }: ApiParts): MiddlewareHandler<ApiEnv> => {
  const rules = { allowed: config.allowedOrigins, takesGuests: authority.takesGuests }
  const allow = cors({
    origin: (origin) => (isAllowedOrigin(origin, rules) ? origin : null),
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: ['authorization', 'content-type', 'if-match', 'prefer', 'x-request-id'],
    exposeHeaders: ['roomlog-seq', 'roomlog-epoch', 'x-request-id', 'retry-after', 'location'],
    maxAge: 600
  })
  return (c, next) => {
    checkOrigin({ origin: c.req.header('origin'), host: c.req.header('host') }, rules)
    return allow(c, next)
  }
}

/** Before anything is read of the request: a flood of them costs little. */
const limitWrites =
  ({ addressOf, writes }: ApiParts): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    // What is posted to a session counts as that of any other session does.
    if (isWriting(c.req.method) && !isStreamPath(c.req.path))
      await writes.take(networkOf(addressOf(c.env.incoming)))
    await next()
  }

/** The one boundary: a refusal is answered by name, a bug is logged and answered without a word about it. */
const answer = (error: unknown, c: ApiContext, parts: ApiParts): Response => {
  const { logger, metrics } = parts
  const { requestId } = c.var
  const refusal = asRefusal(error)
  if (refusal) recordRefusal(refusal, c, parts)
  if (!refusal)
    logger.error({ error, requestId, method: c.req.method, path: c.req.path }, 'http request failed')
  const problem = toProblem(
    refusal ?? new RoomlogError('internal', `it is in the log as request ${requestId}`)
  )
  metrics.refused(problem.code)
  const isForNow = problem.status === 429 || problem.status === 503
  if (isForNow) c.header('retry-after', String(refusal?.retrySeconds ?? 1))
  return c.body(JSON.stringify(problem), problem.status, { 'content-type': 'application/problem+json' })
}

/** What somebody was refused who may ask: a write, a role, an action. */
const recordRefusal = (
  { reason, message, path }: RoomlogError,
  c: ApiContext,
  { audit, addressOf }: ApiParts
): void => {
  const { userId, room = null, isRecorded = false } = c.var
  if (isRecorded || userId === undefined || !isWriting(c.req.method) || !recordedCodes.has(reason)) return
  const detail = { detail: message, path: path ?? null, request: `${c.req.method} ${c.req.path}` }
  audit.record({
    room,
    userId,
    action: 'write-refused',
    code: reason,
    detail,
    address: addressOf(c.env.incoming)
  })
}

const recordedCodes: ReadonlySet<ErrorCode> = new Set([
  'forbidden',
  'read-only',
  'path-refused',
  'value-invalid',
  'client-id-taken',
  'update-malformed',
  'update-incomplete',
  'update-too-complex',
  'too-large',
  'action-refused',
  'last-owner'
])

const describePath = (c: ApiContext): string => {
  const hint = c.req.path.startsWith('/api/rooms/')
    ? '; in a path the name of a room is form%2F42, not form/42'
    : ''
  return `${c.req.method} ${c.req.path.slice(0, 256)}${hint}`
}
