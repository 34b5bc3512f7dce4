/** The fast form: nodes in this process on one Postgres, with a bus between them; clients are real sockets. */
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { openDatabase } from '../../server/database/open-database.ts'
import { createBusWeather } from './bus-weather.ts'
import { InProcessNode, notHere } from './in-process-node.ts'
import { readStoredLog } from './stored-log.ts'
import type { World } from './world.ts'

/** So many turns of the event loop are a tick: about as long as a commit takes. */
const turnsPerTick = 3

export const openInProcessWorld = async (databaseUrl: string, count: number): Promise<World> => {
  const weather = createBusWeather()
  const nodes: InProcessNode[] = []
  for (let index = 0; index < count; index++) nodes.push(await InProcessNode.start(databaseUrl, weather))
  const logger = pino({ level: 'silent' })
  const database = await openDatabase({ url: databaseUrl, dataDir: null, logger, poolMax: 2 })
  return {
    nodes,
    wait: async (ticks) => {
      for (let turns = ticks * turnsPerTick; turns > 0; turns--) await setImmediate()
    },
    failBus: (fault) => weather.fail(fault),
    failPostgres: notHere('Postgres that can be killed'),
    failRedis: notHere('Redis'),
    healPostgres: async () => {},
    heal: async () => weather.heal(),
    readLog: (room) => readStoredLog(database, room),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node.end()))
      await database.close()
    }
  }
}
