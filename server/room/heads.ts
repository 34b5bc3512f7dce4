/**
 * Now and then every open room is compared with where Postgres says that it stands: what nobody told this node, because a
 * message was lost or there is no Redis, it finds out so. At once after messages may have been missed.
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { Bus } from '../cluster/bus.ts'
import type { Nodes } from '../cluster/nodes.ts'
import type { Tails } from '../log/tail.ts'
import type { Logger } from '../logger.ts'
import { startRounds } from '../rounds.ts'
import type { OpenRooms } from './open-rooms.ts'
import type { Room } from './room.ts'

export interface HeadsParts {
  readonly rooms: OpenRooms
  readonly tails: Tails
  readonly bus: Bus
  readonly nodes: Nodes
  readonly logger: Logger
  readonly everyMs: number
}

export interface Heads {
  close(): Promise<void>
}

const atOnceMax = 1_000
const lookTopic = 'look'

export const watchHeads = ({ rooms, tails, bus, nodes, logger, everyMs }: HeadsParts): Heads => {
  const check = async (): Promise<void> => {
    const open = [...rooms.values()]
    for (let from = 0; from < open.length; from += atOnceMax)
      await checkSome(tails, open.slice(from, from + atOnceMax))
  }
  let isRunning = false
  const checkNow = async (): Promise<void> => {
    if (isRunning) return
    isRunning = true
    try {
      await check()
    } catch (error) {
      // The next round tries again.
      if (!(error instanceof RoomlogError)) logger.error({ err: error }, 'heads not compared')
    } finally {
      isRunning = false
    }
  }
  const rounds = startRounds({ everyMs, about: 'comparing heads', logger, work: check })
  // What this node said while it was cut off, the others have missed.
  const stopMissed = bus.onMissed(() => {
    void checkNow()
    nodes.tell(lookTopic, new Uint8Array())
  })
  nodes.hear(lookTopic, () => void checkNow())
  nodes.onRejoined(() => void checkNow())
  return {
    close: () => {
      stopMissed()
      return rounds.stop()
    }
  }
}

const checkSome = async (tails: Tails, some: readonly Room[]): Promise<void> => {
  const appliedBefore = some.map(({ applied }) => applied)
  const standings = await tails.standings(some.map(({ name }) => name))
  for (const [index, room] of some.entries()) {
    const standing = standings.get(room.name)
    const applied = appliedBefore[index]
    if (standing !== undefined && applied !== undefined) room.standsAt(standing, applied)
  }
}
