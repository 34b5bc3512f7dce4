import type { Story } from './story.ts'
import type { Violation } from './violation.ts'

const check = 'presence is true'

/** Nobody is shown whoever left, even if their node died before it could tell. Also those who stay may be on their way. */
export const checkAbsence = async ({ clients, rooms }: Story): Promise<Violation[]> => {
  const away = clients.filter((client) => !client.isOnline)
  return rooms.flatMap((room) =>
    clients
      .filter((client) => client.room === room && client.isOnline)
      .flatMap(({ name, seen }) => {
        const ghosts = away.filter(({ id }) => seen.has(id)).map((one) => one.name)
        const found = `${name} is shown ${ghosts.join(', ')} who left`
        return ghosts.length === 0 ? [] : [{ check, room, found }]
      })
  )
}

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
      return [{ check, room, found }]
    })
  })
