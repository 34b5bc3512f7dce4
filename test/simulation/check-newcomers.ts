/** Whoever comes with empty hands gets everything: somebody comes to each room, and to each node. */

import { unsettled } from './check-meeting.ts'
import { readAudited } from './check-promises.ts'
import { compareReplica } from './check-replicas.ts'
import type { Client } from './client.ts'
import { eventually } from './eventually.ts'
import { times } from './plan.ts'
import type { Story } from './story.ts'
import type { Violation } from './violation.ts'

export const checkNewcomers = async (story: Story): Promise<readonly Violation[]> => {
  const { rooms } = story
  const { nodes } = story.world
  const newcomers = await Promise.all(
    times(Math.max(rooms.length, nodes.length), (index) =>
      story.newcomer(rooms[index % rooms.length] ?? '', index % nodes.length)
    )
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
