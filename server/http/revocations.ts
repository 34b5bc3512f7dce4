import { createRoute, z } from '@hono/zod-openapi'
import { type Api, type ApiParts, jsonBodyBytesMax, limitBody, problemResponse } from './api.ts'

const revocationShape = z
  .object({
    userId: z
      .string()
      .min(1)
      .max(128)
      .optional()
      .describe('All tokens issued to this user up to this second'),
    tokenId: z.string().min(1).max(256).optional().describe('The token with this `jti`')
  })
  .refine(
    ({ userId, tokenId }) => userId !== undefined || tokenId !== undefined,
    'userId or tokenId is missing'
  )

const create = createRoute({
  method: 'post',
  path: '/api/revocations',
  tags: ['People'],
  summary: 'Revoke tokens',
  description:
    'For administrators. Live connections end at once, on other nodes within seconds. It holds for 400 days, also after a restart; a token issued to the user in a later second is good.',
  middleware: limitBody(jsonBodyBytesMax),
  request: { body: { required: true, content: { 'application/json': { schema: revocationShape } } } },
  responses: { 204: { description: 'They are revoked' }, ...problemResponse }
})

export const addRevocations = (
  api: Api,
  { authority, admission, audit, addressOf, logger }: ApiParts
): void => {
  api.openapi(create, async (c) => {
    const who = await admission.administrator(c)
    const { userId, tokenId } = c.req.valid('json')
    await authority.revoke({ userId, tokenId })
    logger.info({ userId, tokenId, by: who.user.id }, 'tokens revoked')
    audit.record({
      room: null,
      userId: who.user.id,
      action: 'revoked',
      code: null,
      detail: { user: userId ?? null, token: tokenId ?? null },
      address: addressOf(c.env.incoming)
    })
    return c.body(null, 204)
  })
}
