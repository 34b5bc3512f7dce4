/** Everybody comes back by themselves, has everything saved, and has seen as much as the others. */
import { isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'
import type { Client } from './client.ts'
import type { Story } from './story.ts'
import type { Violation } from './violation.ts'

const check = 'everybody comes back, is saved, and meets'

export const checkMeeting = ({ clients, rooms }: Story): Violation[] => {
  const away = clients.filter(({ isSettled }) => !isSettled)
  if (away.length > 0) return away.map(unsettled)
  return rooms.flatMap((room) => {
    const here = clients.filter((client) => client.room === room)
    const clocks = here.map(({ document }) => Y.decodeStateVector(Y.encodeStateVector(document)))
    const most = new Map<number, number>()
    for (const [id, clock] of clocks.flatMap((one) => [...one]))
      most.set(id, Math.max(clock, most.get(id) ?? 0))
    return here.flatMap((client, index) => {
      const seen = clocks[index] ?? new Map()
      if (isDeepStrictEqual(seen, most)) return []
      const behind = here.filter(({ id }) => (seen.get(id) ?? 0) < (most.get(id) ?? 0))
      const lacks = behind.map(({ id, name }) => `${name} up to ${seen.get(id) ?? 0} of ${most.get(id)}`)
      return [{ check, room, found: `${client.describe()}; it has seen ${lacks.join(', ')}` }]
    })
  })
}

export const unsettled = (client: Client): Violation => ({
  check,
  room: client.room,
  found: client.describe()
})
