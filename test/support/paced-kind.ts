import { z } from 'zod'
import { defineRoom } from '../../schema/define-room.ts'
import { s } from '../../schema/storage-words.ts'

/** A kind of which one role may send less than the others: as somebody would define it in ROOMLOG_KINDS. */
export const paced = defineRoom({
  kind: 'paced',
  roles: ['owner', 'slow'],
  guests: 'slow',
  storage: { text: s.text() },
  presence: z.unknown(),
  access: { owner: { write: '*' }, slow: { write: '*', limits: { framesPerSecond: 20 } } }
})
