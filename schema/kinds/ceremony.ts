import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { s } from '../storage-words.ts'

/**
 * Vows, readings and music: `ceremony/42` of `timeline/42`, which nobody sees but those whom the couple names in it, not even
 * whoever takes the couple's rights in an emergency.
 *
 * | role        | who              | may                         |
 * |-------------|------------------|-----------------------------|
 * | `couple`    | the couple       | write, name others          |
 * | `officiant` | who is named     | write the order, readings   |
 * | `musician`  | who is named     | write the music             |
 * | `speaker`   | who is named     | write what they read        |
 * | `witness`   | who is named     | read                        |
 * | `stranger`  | everybody else   | nothing                     |
 */
export const ceremony = defineRoom({
  kind: 'ceremony',
  roles: ['couple', 'officiant', 'musician', 'speaker', 'witness', 'stranger'],
  access: {
    couple: { write: '*', comment: true, manage: true },
    officiant: { write: ['order', 'readings'], comment: true },
    musician: { write: ['music'], comment: true },
    speaker: { write: ['readings/own'], comment: true },
    witness: {},
    stranger: { read: false }
  },
  guests: 'stranger',
  parent: { kinds: ['timeline'], id: 'same', roles: { couple: 'couple' }, lastingOnly: true },
  storage: {
    order: s.collection({ name: s.text(), minutes: s.value(z._default(z.int(), 5)) }),
    /** By the user who speaks them. */
    vows: s.record(s.text()),
    readings: s.collection({ title: s.text(), text: s.text() }, { owned: true }),
    music: s.collection({ title: s.text(), moment: s.value(z._default(z.string(), '')) })
  },
  presence: z.object({ focus: z.nullable(z.string()) })
})
