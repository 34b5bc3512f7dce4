/** Whoever comes with empty hands gets everything, at every node. */

import { readAudited } from './check-promises.ts'
import { compareReplica } from './check-replicas.ts'
import type { Client } from './client.ts'
import { eventually } from './eventually.ts'
import type { Story } from './story.ts'
import type { Violation } from './violation.ts'

export const checkNewcomers = async (story: Story): Promise<readonly Violation[]> => {
  const newcomers = await Promise.all(
    story.rooms.flatMap((room) => story.world.nodes.map((_, node) => story.newcomer(room, node)))
  )
  try {
    const waiting = await eventually(async () =>
      newcomers.filter(({ isSettled }) => !isSettled).map(unsettled)
    )
    if (waiting.length > 0) return waiting
    return (await Promise.all(newcomers.map((newcomer) => compare(story, newcomer)))).flat()
  } finally {
    for (const newcomer of newcomers) newcomer.close()
  }
}

const compare = async ({ world }: Story, { room, node, document }: Client): Promise<Violation[]> => {
  const log = await readAudited(world, room)
  return 'found' in log ? [log] : compareReplica(room, `a newcomer at node ${node}`, document, log)
}

export const unsettled = (client: Client): Violation => ({
  check: 'everybody comes in, and is saved',
  room: client.room,
  found: client.describe()
})
