/** A room whose guard is measured, and what somebody sends who may write some of it. */
import * as z from 'zod/mini'
import { writeScope } from '../../schema/access.ts'
import { defineRoom } from '../../schema/define-room.ts'
import { s } from '../../schema/storage-words.ts'
import { ServerDocument } from '../../server/log/server-document.ts'
import { ClientOwners } from '../../server/room/client-owners.ts'
import { guardUpdate, type Verdict } from '../../server/room/write-guard.ts'
import { type Id, type RawStruct, rawUpdate } from '../../test/support/raw-update.ts'

const definition = defineRoom({
  kind: 'guarded',
  roles: ['owner', 'helper'],
  access: { owner: { write: '*' }, helper: { write: ['notes', 'items'] } },
  storage: { notes: s.text(), items: s.collection({ name: s.value(z.string()) }) },
  presence: z.looseObject({})
})

const userId = 'helper'
const role = 'helper'
/** Who wrote what is there: two, so that no two items beside each other are one. */
const authors = [1, 2] as const
export const typist = 3

export class GuardedRoom {
  readonly document = new ServerDocument('room')
  readonly #by = {
    scope: writeScope(definition, role, userId),
    definition,
    userId,
    role,
    owners: new ClientOwners()
  }

  judge(update: Uint8Array): Verdict {
    return guardUpdate(this.document, update, this.#by)
  }
}

/** The item of a text at `index`: the authors took turns, a character each. */
const letter = (index: number): Id => ({ client: authors[index % 2] ?? 1, clock: Math.floor(index / 2) })

/** A text of so many items, as an update. */
export const longText = (items: number): Uint8Array =>
  rawUpdate(
    authors.map((client, turn) => ({
      client,
      clock: 0,
      structs: Array.from({ length: items / 2 }, (_, round): RawStruct => {
        const index = 2 * round + turn
        return index === 0 ? { text: 'x', parent: 'notes' } : { text: 'x', origin: letter(index - 1) }
      })
    }))
  )

/** Entries of a collection with an order and a name, as an update. */
export const manyMaps = (maps: number): Uint8Array =>
  rawUpdate([
    {
      client: authors[0],
      clock: 0,
      structs: Array.from({ length: maps }, (_, index): RawStruct[] => {
        const parent = { client: authors[0], clock: 3 * index }
        return [
          { type: 1, parent: 'items', key: `i${index}` },
          { any: [`a${index}`], parent, key: 'order' },
          { any: ['name'], parent, key: 'name' }
        ]
      }).flat()
    }
  ])

export const pressesAtEnd = (items: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, clock) =>
    write(clock, {
      text: 'y',
      origin: clock === 0 ? letter(items - 1) : { client: typist, clock: clock - 1 }
    })
  )

/** No two at one place. */
export const pressesAnywhere = (items: number, count: number, random: () => number): Uint8Array[] =>
  distinct(items - 1, count, random).map((index, clock) =>
    write(clock, { text: 'y', origin: letter(index), right: letter(index + 1) })
  )

export const setsInMaps = (maps: number, count: number, random: () => number): Uint8Array[] => {
  const last = new Map<number, Id>()
  return Array.from({ length: count }, (_, clock) => {
    const map = Math.floor(random() * maps)
    const origin = last.get(map) ?? { client: authors[0], clock: 3 * map + 2 }
    last.set(map, { client: typist, clock })
    return write(clock, { any: [`name ${clock}`], origin })
  })
}

/** Every other character of the long text, deleted: as many ranges as there are characters. */
export const scatteredDeletes = (items: number): Uint8Array =>
  rawUpdate(
    [],
    authors.map((client) => ({
      client,
      ranges: Array.from({ length: items / 4 }, (_, index) => [2 * index, 1] as const)
    }))
  )

const write = (clock: number, struct: RawStruct): Uint8Array =>
  rawUpdate([{ client: typist, clock, structs: [struct] }])

const distinct = (below: number, count: number, random: () => number): number[] => {
  const drawn = new Set<number>()
  while (drawn.size < count) drawn.add(Math.floor(random() * below))
  return [...drawn]
}
