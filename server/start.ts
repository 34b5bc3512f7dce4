/**
 * The composition root: the one place that constructs. Tests start a node with it as `main.ts` does.
 *
 *   WebSocket ──▶ Session ──▶ Connection ──▶ Room ──▶ GroupCommit ──▶ Postgres
 *                    ▲            ▲            │           │
 *                   Door       Presence        └◀─ committed ◀┘
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import type { RoomDefinition } from '../schema/define-room.ts'
import type { RoomName } from '../schema/room-name.ts'
import { createAttempts } from './auth/attempts.ts'
import { createAudit } from './auth/audit.ts'
import { type AuditQuery, readAudit } from './auth/audit-table.ts'
import { createEscalations } from './auth/escalations.ts'
import { createInvites } from './auth/invites.ts'
import { createJoinAttempts } from './auth/join-attempts.ts'
import { createMembers } from './auth/members.ts'
import { monotonic, sleep } from './clock.ts'
import type { Bus } from './cluster/bus.ts'
import type { Cluster } from './cluster/cluster.ts'
import { joinCluster } from './cluster/join-cluster.ts'
import type { Config } from './config.ts'
import { migrate } from './database/migrate.ts'
import { openDatabase } from './database/open-database.ts'
import { createApp } from './http/app.ts'
import { type ProcessSource, type ProcessWatch, watchProcess } from './http/process-health.ts'
import { type Kinds, loadKinds, mergeKinds } from './kinds.ts'
import { emptied, listen, urlOf } from './listening.ts'
import { createClientIds } from './log/client-ids.ts'
import { GroupCommit } from './log/group-commit.ts'
import { watchHealth } from './log/health.ts'
import { createLoader, type Loader } from './log/load.ts'
import { createSnapshots } from './log/snapshot.ts'
import { createTails } from './log/tail.ts'
import type { Logger } from './logger.ts'
import { watchMemory } from './memory.ts'
import { createMetrics, type Metrics, timed } from './metrics.ts'
import { stateOf } from './node-state.ts'
import { type Overload, watchOverload } from './overload.ts'
import { createPerSecond } from './per-second.ts'
import { createDevices } from './presence/devices.ts'
import { createLastSeen } from './presence/last-seen.ts'
import { createPresences } from './presence/presences.ts'
import { assertReady, type Stage } from './readiness.ts'
import { createAddressOf } from './remote-address.ts'
import { type Authority, createAuthority } from './room/authorize.ts'
import { createChange } from './room/behaviour/change.ts'
import { startKinds } from './room/behaviour/start-kinds.ts'
import { type Heads, watchHeads } from './room/heads.ts'
import { loadRoom } from './room/load-room.ts'
import { createNodeNews, hearNews } from './room/node-news.ts'
import { OpenRooms } from './room/open-rooms.ts'
import { createRoomTable } from './room/room-table.ts'
import { createRooms, endRoom } from './room/rooms.ts'
import { readView } from './room/view.ts'
import { createDoor } from './session/door.ts'
import { answerForwarded, forwardTo } from './session/forwarded.ts'
import { createRecheck } from './session/recheck.ts'
import type { Session } from './session/session.ts'
import { createSessions, type Sessions } from './session/sessions.ts'
import { createStreams, type Streams } from './session/streams.ts'
import { Turn } from './session/turn.ts'
import { Unsent } from './session/unsent.ts'
import { createWebSockets } from './session/websocket.ts'

export interface Node {
  /** Where it listens, `http://host:port`. */
  readonly url: string
  /**
   * Stops: not ready, then no new sessions and rooms, those that are there are asked to come back, and what they wrote
   * is committed.
   *
   * @returns how many entries could not be written within the time for it; 0 when all is well
   */
  stop(): Promise<number>
}

export interface NodeParts {
  readonly config: Config
  readonly logger: Logger
  readonly process: ProcessSource & { readonly pid: number }
  /** Kinds besides those that ship and those of the settings. */
  readonly kinds?: readonly RoomDefinition[]
  /** To the other nodes, instead of that of the settings. */
  readonly bus?: Bus
}

interface Parts extends Omit<NodeParts, 'kinds' | 'bus'> {
  readonly kinds: Kinds
  readonly cluster: Cluster
}

const appsFolder = join(import.meta.dirname, '../client/apps/dist')

/** @throws when the kinds cannot be loaded, the database cannot be opened or the port is taken */
export const start = async (given: NodeParts): Promise<Node> => {
  const { config, process } = given
  const metrics = createMetrics()
  const kinds = mergeKinds(await loadKinds(config.kinds), { ...given.kinds }, 'kinds')
  const parts: Parts = { ...given, kinds, cluster: joinCluster(given, metrics) }
  const log = await openLog(parts, metrics)
  const processWatch = watchProcess(process)
  const overload = watchOverload({ delayMsMax: config.eventLoopDelayMsMax, logger: given.logger })
  const stage: Stage = { isLeaving: false, isDraining: false }
  const people = openPeople(parts, log, metrics, () => doors.sessions.all)
  const presence = openPresence(parts, log, people)
  const there = { ...people, ...presence }
  const doors = openDoors(parts, log, metrics, there, { processWatch, overload, stage })
  await people.authority.loadRevocations()
  const { sessions, sockets, app } = doors
  const stopMemory = watchMemory({
    sessionsMin: config.collectAfterSessions,
    sessionsOpened: () => sessions.opened,
    logger: given.logger
  })
  const server = createServer(getRequestListener(app.fetch))
  server.on('upgrade', (request, socket, head) => void sockets.upgrade(request, socket, head))
  await listen(server, config)

  const stop = async (): Promise<number> => {
    stage.isLeaving = true
    await sleep(config.drainGraceMs)
    stage.isDraining = true
    server.close()
    await sessions.drain()
    const deadline = monotonic() + config.shutdownTimeoutMs
    await emptied(sessions.all, Math.min(closeMsMax, config.shutdownTimeoutMs))
    await Promise.race([doors.runningKinds.close(), sleep(closeMsMax)])
    await Promise.race([doors.heads?.close(), sleep(closeMsMax)])
    await Promise.race([presence.close(), sleep(closeMsMax)])
    const unwritten = await closeLog(log, people, Math.max(0, deadline - monotonic()))
    sessions.close()
    await parts.cluster.close()
    sockets.close()
    overload.close()
    stopMemory()
    processWatch.close()
    server.closeAllConnections()
    return unwritten
  }
  return { url: urlOf(server.address() as AddressInfo), stop }
}

interface Watches {
  readonly processWatch: ProcessWatch
  readonly overload: Overload
  readonly stage: Stage
}

const openLog = async ({ config, logger, process }: Parts, metrics: Metrics) => {
  const { databaseUrl: url, dataDir, poolMax, backlogBytesMax, commitTimeoutMs } = config
  const database = await openDatabase({ url, dataDir, pid: process.pid, logger, poolMax })
  await migrate(database, logger)
  const commits = await GroupCommit.open({ database, logger, metrics, backlogBytesMax, commitTimeoutMs })
  const reading = createLoader(database, config.loadsMax)
  const loader: Loader = { ...reading, load: (name) => timed(metrics.loaded, () => reading.load(name)) }
  const making = createSnapshots(database, reading, logger)
  const snapshots = {
    ...making,
    make: (name: RoomName) => timed(metrics.snapshotted, () => making.make(name))
  }
  const tails = createTails(database)
  return { database, commits, loader, tails, snapshots, health: await watchHealth(database, commits) }
}

type Log = Awaited<ReturnType<typeof openLog>>

/** Writes what waits, within the time for it; returns how many entries could not be written. */
const closeLog = async (
  { database, commits, snapshots, health }: Log,
  people: People,
  deadlineMs: number
): Promise<number> => {
  const isFlushed = await commits.flush(deadlineMs)
  const unwritten = isFlushed ? 0 : commits.waitingEntries
  const isAble = isFlushed && health.isAble
  await health.close()
  await people.close()
  if (isAble) {
    await snapshots.close()
    await commits.close()
  }
  await database.close()
  return unwritten
}

/** Who somebody is, who belongs to a room, and what is written down of that. */
const openPeople = (
  { config, logger, kinds, cluster }: Parts,
  { database }: Log,
  metrics: Metrics,
  sessions: () => ReadonlySet<Session>
) => {
  const news = createNodeNews(cluster.nodes)
  const known = createAuthority({ database, config, kinds, logger })
  const authority: Authority = {
    ...known,
    revoke: async (what) => {
      await known.revoke(what)
      news.tokensRevoked()
    }
  }
  const audit = createAudit({ database, logger, metrics, daysMax: config.auditDays })
  const recheck = createRecheck({ authority, logger, sessions })
  const changed = async (room: RoomName): Promise<void> => {
    news.membersChanged(room)
    await recheck.changed(room)
  }
  const escalations = createEscalations({
    database,
    logger,
    minutesMax: config.escalationMinutesMax,
    onEnded: async ({ room, userId, role }) => {
      const detail = { of: userId, role, by: 'time' }
      audit.record({ room, userId, action: 'escalation-ended', code: null, detail, address: '' })
      await changed(room)
    }
  })
  return {
    authority,
    news,
    audit,
    escalations,
    sessions,
    changed,
    changedElsewhere: recheck.changed,
    entered: recheck.entered,
    members: createMembers({ database, authority }),
    invites: createInvites({ database, authority, kinds }),
    joinAttempts: createJoinAttempts({ perMinuteMax: config.joinAttemptsPerMinuteMax }),
    readAudit: (query: AuditQuery) => readAudit(database, query),
    close: async () => {
      const rounds = Promise.all([recheck.close(), escalations.close(), authority.close()])
      await Promise.race([rounds, sleep(closeMsMax)])
      await audit.close(closeMsMax)
    }
  }
}

type People = ReturnType<typeof openPeople>

/** Who is there, on this node and on the others. */
const openPresence = ({ config, logger, cluster }: Parts, { database }: Log, { authority }: People) => {
  const lastSeen = createLastSeen({ database, logger })
  const presences = createPresences({ cluster, heartbeatMs: config.heartbeatMs, onSeen: lastSeen.saw })
  const devices = createDevices({ presences, questions: cluster.questions, authority, logger })
  return {
    presences,
    devices,
    async close() {
      await devices.close()
      presences.close()
      await lastSeen.close(closeMsMax)
    }
  }
}

type Presence = ReturnType<typeof openPresence>

/** What many of the parts below are made with. */
const shareParts = (
  { config, logger, kinds, cluster }: Parts,
  { database, commits, loader, tails }: Log,
  metrics: Metrics,
  people: People & Presence,
  { overload, stage }: Watches
) => ({
  ...people,
  async changed(room: RoomName) {
    await people.changed(room)
    await people.devices.recheck(room)
  },
  addressOf: createAddressOf(config.trustedProxies),
  attempts: createAttempts({ perMinuteMax: config.authAttemptsPerMinuteMax }),
  kinds,
  loader,
  tails,
  cluster,
  isShared: database.engine === 'postgres',
  commits,
  logger,
  config,
  metrics,
  turn: new Turn(commits),
  unsent: new Unsent(config.unsentBytesMax),
  assertCalm: overload.assertCalm,
  isDraining: () => stage.isDraining
})

type Shared = ReturnType<typeof shareParts>

/** The rooms that are open here, and what their kinds do by themselves. */
const openRooms = (shared: Shared, { database, snapshots }: Log) => {
  const { commits, config, logger, members, changed, turn } = shared
  const loading = {
    ...shared,
    snapshots,
    clientIds: createClientIds(database, logger),
    documentBytesMax: config.documentBytesMax,
    onRepair: shared.metrics.gapRepaired,
    watch: {
      watcher: (room: RoomName) => runningKinds.watch.watcher(room),
      opened: (room: RoomName, byPeople: boolean) => runningKinds.watch.opened(room, byPeople)
    },
    schedule: () => turn.schedule()
  }
  const rooms = new OpenRooms({ commits, load: (name, byPeople) => loadRoom(loading, name, byPeople) })
  const opened = {
    database,
    table: createRoomTable(database),
    rooms,
    fold: snapshots.fold,
    change: createChange({ rooms, commits })
  }
  const runningKinds = startKinds({
    ...shared,
    ...opened,
    async setRole(access, userId, role) {
      if (role === null) await members.remove(access, userId)
      else await members.set(access, { userId, role, name: null })
      await changed(access.room)
    }
  })
  return { ...opened, runningKinds, heads: startHeads(shared, rooms) }
}

/** Only where others may write to the same database. */
const startHeads = ({ cluster, tails, logger, config, isShared }: Shared, rooms: OpenRooms): Heads | null => {
  const { bus, nodes } = cluster
  return isShared ? watchHeads({ rooms, tails, bus, nodes, logger, everyMs: config.headsCheckMs }) : null
}

/** Everything between the log and the network: who may come in, the rooms, and the two doors to them. */
const openDoors = (parts: Parts, log: Log, metrics: Metrics, people: People & Presence, watches: Watches) => {
  const shared = shareParts(parts, log, metrics, people, watches)
  const { config, kinds } = parts
  const { runningKinds, heads, ...opened } = openRooms(shared, log)
  const sessions = createSessions({
    ...shared,
    door: createDoor({ ...shared, ...opened }),
    recentEntries: ({ name }) => opened.table.recentMarks(name)
  })
  const sockets = createWebSockets({ ...shared, sessions })
  const streams = openStreams(shared, sessions)
  const rooms = createRooms({
    ...shared,
    ...opened,
    readView: (kind, document) => readView(kinds.get(kind), document),
    onRemoved: people.news.roomDeleted,
    sessionCount: () => sessions.all.size,
    unsentBytes: () => shared.unsent.bytes
  })
  const listeners = {
    membersChanged: people.changedElsewhere,
    tokensRevoked: people.authority.refreshRevocations,
    roomDeleted: async (name: RoomName) => endRoom({ ...opened, ...people }, name)
  }
  hearNews(parts.cluster.nodes, listeners, parts.logger)
  metrics.watch(() => ({
    ...rooms.nodeStats(),
    ...stateOf({ ...parts, ...log, ...watches, sessions: sessions.all })
  }))
  const writes = createPerSecond({ what: 'writing requests/s', most: config.writesPerSecondMax })
  const app = createApp({
    ...shared,
    streams,
    writes,
    rooms,
    behaviours: runningKinds,
    appsFolder,
    assertReady: () => assertReady({ ...log, ...watches }),
    processHealth: () => watches.processWatch.read()
  })
  return { sessions, sockets, app, runningKinds, heads }
}

/** Sessions without a socket, which another node may be asked about. */
const openStreams = (shared: Shared, sessions: Sessions): Streams => {
  const { cluster, turn } = shared
  const nodeId = (): string => cluster.nodes.self
  const streams = createStreams({
    ...shared,
    sessions,
    held: turn.held,
    nodeId,
    forward: forwardTo(cluster)
  })
  answerForwarded(cluster.questions, streams)
  return streams
}

/** A client that does not answer the close of its socket does not hold up the others. */
const closeMsMax = 2_000
