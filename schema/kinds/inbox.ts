import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { s } from '../storage-words.ts'
import { priority } from './channel.ts'

/**
 * The feed of one user, written by the server.
 *
 * | role       | may                          |
 * |------------|------------------------------|
 * | `owner`    | read, and note what was read |
 * | `stranger` | nothing                      |
 */
export const inbox = defineRoom({
  kind: 'inbox',
  roles: ['owner', 'stranger'],
  access: { owner: { write: ['readUpTo', 'muted'] }, stranger: { read: false } },
  guests: 'stranger',
  storage: {
    /** The seq of the newest notice that was read. */
    readUpTo: s.value(z._default(z.int(), 0)),
    /** Rooms that nothing is to be heard of. */
    muted: s.value(z._default(z.array(z.string()).check(z.maxLength(1_000)), []))
  },
  presence: z.object({}),
  events: {
    notice: z.object({
      priority,
      /** The room that it is about, and the entry of its log that it follows from. */
      room: z.string(),
      seq: z.int(),
      text: z.string().check(z.maxLength(1_000)),
      link: z._default(z.nullable(z.string()), null)
    })
  }
})
