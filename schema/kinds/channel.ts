import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { s } from '../storage-words.ts'

export const priorities = ['low', 'normal', 'high', 'urgent'] as const
export type Priority = (typeof priorities)[number]

export const priority = z._default(z.enum(priorities), 'normal')

/**
 * Typed messages to whoever follows a topic.
 *
 * | role         | may                       |
 * |--------------|---------------------------|
 * | `owner`      | everything                |
 * | `publisher`  | publish, describe it      |
 * | `subscriber` | follow                    |
 */
export const channel = defineRoom({
  kind: 'channel',
  roles: ['owner', 'publisher', 'subscriber'],
  access: {
    owner: { write: '*', manage: true, comment: true },
    publisher: { write: ['title', 'about'], comment: true },
    subscriber: {}
  },
  storage: { title: s.text(), about: s.text() },
  presence: z.object({}),
  events: {
    message: z.object({
      priority,
      title: z.string().check(z.maxLength(200)),
      text: z._default(z.string().check(z.maxLength(10_000)), ''),
      /** Where it leads, as a path within the app. */
      link: z._default(z.nullable(z.string()), null)
    })
  }
})
