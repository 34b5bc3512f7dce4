import { pino } from 'pino'
import type { RoomlogError } from '../../schema/error-codes.ts'
import { parseRoomName, type RoomName, type Seq } from '../../schema/room-name.ts'
import { type Database, DatabaseError, type Row } from '../../server/database/database.ts'
import { migrate } from '../../server/database/migrate.ts'
import { openDatabase } from '../../server/database/open-database.ts'
import { GroupCommit } from '../../server/log/group-commit.ts'
import { type Commit, RoomLog, roomIdOf } from '../../server/log/room-log.ts'
import { createMetrics } from '../../server/metrics.ts'
import { createDatabase } from './database.ts'

export type Engine = 'postgres' | 'pglite'
/** PGlite is not spread over servers. */
export const engines: readonly Engine[] = process.env.ROOMLOG_TEST_SHARDS
  ? ['postgres']
  : ['postgres', 'pglite']

export const silent = pino({ level: 'silent' })

/** A database with the tables of Roomlog, and logs that are written to it: one for each node. */
export interface LogWorld extends AsyncDisposable {
  readonly database: Database
  node(options?: NodeOptions): Promise<GroupCommit>
  /** What Postgres has of a room, in order. */
  rows(room: RoomName): Promise<StoredEntry[]>
}

interface NodeOptions {
  readonly database?: Database
  readonly commitTimeoutMs?: number
  readonly backlogBytesMax?: number
}

export interface StoredEntry extends Row {
  readonly seq: number
  readonly author: string
  readonly at: number
  readonly update: Buffer
}

export const openLogWorld = async (engine: Engine): Promise<LogWorld> => {
  const place = engine === 'postgres' ? await createDatabase() : null
  const database = await openDatabase({ url: place?.url ?? null, dataDir: null, logger: silent })
  await migrate(database, silent)
  const nodes: GroupCommit[] = []
  return {
    database,
    node: async (options = {}) => {
      const node = await GroupCommit.open({
        database,
        logger: silent,
        metrics: createMetrics(),
        backlogBytesMax: 1024 ** 2,
        commitTimeoutMs: 10_000,
        ...options
      })
      nodes.push(node)
      return node
    },
    rows: (room) => readRows(database, room),
    [Symbol.asyncDispose]: async () => {
      for (const node of nodes) await node.close()
      await database.close()
      await place?.drop()
    }
  }
}

export const readRows = async (database: Database, room: RoomName): Promise<StoredEntry[]> => {
  const rows = await database.query<{ seq: bigint; author: string; at: Date; update: Buffer }>(
    'select seq, author, at, update from entry where room_id = $1 order by seq',
    [roomIdOf(room)]
  )
  return rows.map((row) => ({ ...row, seq: Number(row.seq), at: row.at.getTime() }))
}

let rooms = 0

/** A name that no other room has. */
export const newRoom = (): RoomName => toRoomName(`document/room-${++rooms}`)

export const toRoomName = (text: string): RoomName => {
  const name = parseRoomName(text)
  if (name === null) throw new RangeError(`not a room name: ${text}`)
  return name
}

/** A room as one node sees it, and what that node was told of it. */
export interface Followed {
  readonly log: RoomLog
  readonly commits: Commit[]
  readonly failures: RoomlogError[]
}

export const follow = (name: RoomName): Followed => {
  const log = new RoomLog(name, null, 'owner')
  const commits: Commit[] = []
  const failures: RoomlogError[] = []
  log.listener = {
    committed: (commit) => commits.push(commit),
    failed: (error) => failures.push(error)
  }
  return { log, commits, failures }
}

/** The seqs that a node was told of, with what stands there. */
export const told = ({ commits }: Followed): [seq: number, content: string][] =>
  commits.flatMap(({ seq, entries }) =>
    entries.map(({ update }, index): [number, string] => [
      seq - entries.length + 1 + index,
      Buffer.from(update).toString()
    ])
  )

export const stored = (rows: readonly StoredEntry[]): [seq: number, content: string][] =>
  rows.map(({ seq, update }) => [seq, update.toString()])

/** The log does not look into an update, so any text may stand for one. */
export const entry = (text: string): Buffer => Buffer.from(text)

/** 1 to `count`. */
export const seqsTo = (count: number): Seq[] =>
  Array.from({ length: count }, (_, index) => (index + 1) as Seq)

/** The database as a node sees it whose statements on lanes are run by `run`. */
export const withLanes = (
  database: Database,
  run: (text: string, query: () => Promise<Row[]>) => Promise<Row[]>
): Database => ({
  ...database,
  lane: async (options) => {
    const lane = await database.lane(options)
    // The caller names the row type of its statement.
    return { ...lane, query: (text, params) => run(text, () => lane.query(text, params)) as Promise<never[]> }
  }
})

/** `isLost` is asked after each statement that was executed, and may wait for what is to happen before that is noticed. */
export const losingAnswers = (
  database: Database,
  isLost: (text: string) => boolean | Promise<boolean>
): Database =>
  withLanes(database, async (text, query) => {
    const rows = await query()
    if (await isLost(text)) throw new DatabaseError('unavailable', 'the answer was lost')
    return rows
  })

/** The statements that write entries. */
export const append = /insert into entry/
