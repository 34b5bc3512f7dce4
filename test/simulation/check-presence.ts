import type { Story } from './story.ts'
import type { Violation } from './violation.ts'

/** Everybody is shown exactly those who are there, on whichever node, by the names of their tokens. */
export const checkPresence = async ({ clients, rooms }: Story): Promise<Violation[]> =>
  rooms.flatMap((room) => {
    const here = clients.filter((client) => client.room === room && client.isOnline)
    const names = new Map(here.map((client) => [client.id, client.name]))
    return here.flatMap(({ id, name, seen }) => {
      const ghosts = [...seen.keys()].filter((one) => !names.has(one))
      const missing = [...names.keys()].filter((one) => !seen.has(one))
      const forged = [...seen].filter(
        ([one, user]) => one !== id && names.has(one) && names.get(one) !== user
      )
      if (ghosts.length + missing.length + forged.length === 0) return []
      const list = (ids: readonly number[]): string =>
        ids.map((one) => names.get(one) ?? one).join(', ') || 'nobody'
      const found = `${name} is shown ${list(ghosts)} who left, is not shown ${list(missing)}, and ${list(forged.map(([one]) => one))} under another name`
      return [{ check: 'presence is true', room, found }]
    })
  })
