import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'

/** A Yjs document of whatever form its app gives it: for editors that bind to Yjs types themselves. */
export const document = defineRoom({
  kind: 'document',
  roles: ['owner', 'writer', 'reader'],
  readers: ['reader'],
  guests: 'writer',
  storage: {},
  presence: z.looseObject({})
})
