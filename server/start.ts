/**
 * The composition root: the one place that constructs. Tests start a node with it as `main.ts` does.
 *
 *   WebSocket ──▶ Session ──▶ Connection ──▶ Room ──▶ GroupCommit ──▶ Postgres
 *                    ▲            ▲            │           │
 *                Hocuspocus    Presence        └◀─ committed ◀┘
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { kinds } from '../schema/kinds/kinds.ts'
import { createAttempts } from './auth/attempts.ts'
import { monotonic, sleep } from './clock.ts'
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openDatabase } from './database/open-database.ts'
import { createApp } from './http/app.ts'
import { type ProcessSource, type ProcessWatch, watchProcess } from './http/process-health.ts'
import { GroupCommit } from './log/group-commit.ts'
import { watchHealth } from './log/health.ts'
import { createLoader } from './log/load.ts'
import { createSnapshots } from './log/snapshot.ts'
import type { Logger } from './logger.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createAuthority } from './room/authorize.ts'
import { createHocuspocus } from './room/hocuspocus.ts'
import { createRoomTable } from './room/room-table.ts'
import { createRooms } from './room/rooms.ts'
import { readView } from './room/view.ts'
import { Turn } from './session/turn.ts'
import { createWebSockets } from './session/websocket.ts'

export interface Node {
  /** Where it listens, `http://host:port`. */
  readonly url: string
  /**
   * Stops: no new sessions, those that are there are asked to come back, and what they wrote is committed.
   *
   * @returns how many entries could not be written within the time for it; 0 when all is well
   */
  stop(): Promise<number>
}

export interface NodeParts {
  readonly config: Config
  readonly logger: Logger
  readonly process: ProcessSource & { readonly pid: number }
}

const appsFolder = join(import.meta.dirname, '../client/apps/dist')

/** @throws when the database cannot be opened or the port is taken */
export const start = async (parts: NodeParts): Promise<Node> => {
  const { config, process } = parts
  const metrics = createMetrics()
  const log = await openLog(parts, metrics)
  const processWatch = watchProcess(process)
  let isDraining = false
  const { sockets, app } = openDoors(parts, log, metrics, processWatch, () => isDraining)
  const server = createServer(getRequestListener(app.fetch))
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
  await listen(server, config)

  const stop = async (): Promise<number> => {
    const deadline = monotonic() + config.shutdownTimeoutMs
    isDraining = true
    server.close()
    sockets.drain()
    await emptied(sockets.sessions, Math.min(closeMsMax, config.shutdownTimeoutMs))
    const unwritten = await closeLog(log, Math.max(0, deadline - monotonic()))
    sockets.close()
    processWatch.close()
    server.closeAllConnections()
    return unwritten
  }
  return { url: urlOf(server.address() as AddressInfo), stop }
}

const openLog = async ({ config, logger, process }: NodeParts, metrics: Metrics) => {
  const { databaseUrl: url, dataDir, poolMax, backlogBytesMax, commitTimeoutMs } = config
  const database = await openDatabase({ url, dataDir, pid: process.pid, logger, poolMax })
  await migrate(database, logger)
  const commits = await GroupCommit.open({ database, logger, metrics, backlogBytesMax, commitTimeoutMs })
  const loader = createLoader(database, config.loadsMax)
  const snapshots = createSnapshots(database, loader, logger)
  return { database, commits, loader, snapshots, health: await watchHealth(database, commits) }
}

type Log = Awaited<ReturnType<typeof openLog>>

/** Writes what waits, within the time for it; returns how many entries could not be written. */
const closeLog = async (
  { database, commits, snapshots, health }: Log,
  deadlineMs: number
): Promise<number> => {
  const isFlushed = await commits.flush(deadlineMs)
  const unwritten = isFlushed ? 0 : commits.waitingEntries
  const isAble = isFlushed && health.isAble
  await health.close()
  if (isAble) {
    await snapshots.close()
    await commits.close()
  }
  await database.close()
  return unwritten
}

/** Everything between the log and the network: who may come in, the rooms, and the two doors to them. */
const openDoors = (
  { config, logger }: NodeParts,
  { database, commits, loader, snapshots, health }: Log,
  metrics: Metrics,
  processWatch: ProcessWatch,
  isDraining: () => boolean
) => {
  const table = createRoomTable(database)
  const authority = createAuthority({ database, config, kinds })
  const attempts = createAttempts({ perMinuteMax: config.authAttemptsPerMinuteMax })
  const turn = new Turn(commits)
  const shared = { authority, attempts, kinds, loader, commits, logger, config, metrics, turn, isDraining }

  const { hocuspocus, rooms: openRooms } = createHocuspocus({
    ...shared,
    snapshots,
    documentBytesMax: config.documentBytesMax,
    schedule: () => turn.schedule()
  })
  const sockets = createWebSockets({
    ...shared,
    hocuspocus,
    recentEntries: ({ name }) => table.recentMarks(name)
  })
  const rooms = createRooms({
    ...shared,
    table,
    hocuspocus,
    rooms: openRooms,
    readView: (kind, document) => readView(kinds.get(kind), document),
    isReady: () => health.isAble && !isDraining(),
    sessionCount: () => sockets.sessions.size
  })
  metrics.watch(() => rooms.nodeStats())
  const app = createApp({ ...shared, rooms, appsFolder, processHealth: () => processWatch.read() })
  return { sockets, app }
}

/** A client that does not answer the close of its socket does not hold up the others. */
const closeMsMax = 2_000
const closePollMs = 10

const emptied = async (sessions: ReadonlySet<unknown>, ms: number): Promise<void> => {
  for (const deadline = monotonic() + ms; sessions.size > 0 && monotonic() < deadline; )
    await sleep(closePollMs)
}

const listen = (server: ReturnType<typeof createServer>, { host, port }: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
