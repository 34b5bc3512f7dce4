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
import type { RoomDefinition } from '../schema/define-room.ts'
import { kinds } from '../schema/kinds/kinds.ts'
import { createAttempts } from './auth/attempts.ts'
import { monotonic, sleep } from './clock.ts'
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openDatabase } from './database/open-database.ts'
import { createApp } from './http/app.ts'
import { type ProcessSource, watchProcess } from './http/process-health.ts'
import { GroupCommit } from './log/group-commit.ts'
import { watchHealth } from './log/health.ts'
import { createLoader } from './log/load.ts'
import { createSnapshots } from './log/snapshot.ts'
import type { Logger } from './logger.ts'
import { createMetrics } from './metrics.ts'
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
export const start = async ({ config, logger, process }: NodeParts): Promise<Node> => {
  const database = await openDatabase({
    url: config.databaseUrl,
    dataDir: config.dataDir,
    pid: process.pid,
    logger,
    poolMax: config.poolMax
  })
  await migrate(database, logger)
  const metrics = createMetrics()
  const commits = await GroupCommit.open({
    database,
    logger,
    metrics,
    backlogBytesMax: config.backlogBytesMax,
    commitTimeoutMs: config.commitTimeoutMs
  })
  const loader = createLoader(database, config.loadsMax)
  const snapshots = createSnapshots(database, loader, logger)
  const table = createRoomTable(database)
  const authority = createAuthority({ database, config, kinds })
  const attempts = createAttempts({ perMinuteMax: config.authAttemptsPerMinuteMax })
  const health = watchHealth(database, commits)
  const processWatch = watchProcess(process)
  const turn = new Turn(commits)
  let isDraining = false

  const { hocuspocus, rooms: openRooms } = createHocuspocus({
    authority,
    attempts,
    kinds,
    loader,
    commits,
    snapshots,
    logger,
    documentBytesMax: config.documentBytesMax,
    schedule: () => turn.schedule(),
    isDraining: () => isDraining
  })
  const sockets = createWebSockets({
    hocuspocus,
    config,
    logger,
    metrics,
    commits,
    authority,
    turn,
    recentEntries: ({ name }) => table.recentMarks(name)
  })
  const rooms = createRooms({
    table,
    hocuspocus,
    rooms: openRooms,
    commits,
    loader,
    authority,
    kinds,
    readView: (kind, document) => readView(kinds.get(kind) as RoomDefinition | undefined, document),
    isReady: () => health.isAble && !isDraining,
    sessionCount: () => sockets.sessions.size
  })
  metrics.watch(() => rooms.nodeStats())

  const app = createApp({
    rooms,
    authority,
    attempts,
    kinds,
    metrics,
    logger,
    config,
    appsFolder,
    processHealth: () => processWatch.read()
  })
  const server = createServer(getRequestListener(app.fetch))
  server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head))
  await listen(server, config)

  const stop = async (): Promise<number> => {
    const deadline = monotonic() + config.shutdownTimeoutMs
    isDraining = true
    server.close()
    sockets.drain()
    await emptied(sockets.sessions, Math.min(closeMsMax, config.shutdownTimeoutMs))
    const isFlushed = await commits.flush(Math.max(0, deadline - monotonic()))
    const lost = isFlushed ? 0 : commits.waitingEntries
    sockets.close()
    health.close()
    processWatch.close()
    server.closeAllConnections()
    if (isFlushed) {
      await snapshots.close()
      await commits.close()
    }
    await database.close()
    return lost
  }
  return { url: urlOf(server.address() as AddressInfo), stop }
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
