import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { s } from '../storage-words.ts'
import { priority } from './channel.ts'

/**
 * What the server says of itself: `system/health` and `system/security`.
 *
 * | role       | may     |
 * |------------|---------|
 * | `operator` | read    |
 * | `stranger` | nothing |
 */
export const system = defineRoom({
  kind: 'system',
  roles: ['operator', 'stranger'],
  access: { operator: {}, stranger: { read: false } },
  guests: 'stranger',
  storage: { state: s.value(z._default(z.enum(['good', 'degraded', 'failing']), 'good')) },
  presence: z.object({}),
  events: {
    health: z.object({ priority, node: z.string(), state: z.string(), detail: z.string() }),
    security: z.object({ priority, action: z.string(), userId: z.string(), room: z.nullable(z.string()) })
  }
})
