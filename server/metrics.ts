/**
 * What Prometheus reads at /metrics. Durations are in seconds, as its conventions ask for.
 *
 * Labels are from closed sets (the code of a refusal, the pattern of a route): a label that a client can choose,
 * like the name of a room, would let it fill the memory of this node and of Prometheus.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ErrorCode } from '../schema/error-codes.ts'
import { monotonic } from './clock.ts'

export interface NodeGauges {
  readonly rooms: number
  readonly roomsAwake: number
  readonly sessions: number
  readonly connections: number
  readonly waitingEntries: number
  readonly waitingBytes: number
  readonly unsentBytes: number
  readonly pausedSessions: number
  /** This one and the others that it hears of. */
  readonly nodes: number
  /** 1 or 0, like those below. */
  readonly databaseUp: number
  readonly redisUp: number
  readonly overloaded: number
  readonly draining: number
}

export interface HttpRequestMeasure {
  readonly method: string
  /** The pattern, `/api/rooms/:room`; never the path. */
  readonly route: string
  readonly status: number
  readonly seconds: number
}

export interface Metrics {
  /** One statement committed so many entries. */
  committed(entries: number, seconds: number): void
  /** From taking an update to telling its author that it is committed. */
  acknowledged(seconds: number): void
  /** From taking an update to having shown it to those who are in its room. */
  shown(seconds: number): void
  /** A room was read from the database. */
  loaded(seconds: number): void
  /** A snapshot was made. */
  snapshotted(seconds: number): void
  /** The heads of so many rooms were compared with the database. */
  headsChecked(rooms: number): void
  refused(code: ErrorCode): void
  /** A message between nodes. */
  messaged(what: 'sent' | 'dropped' | 'received'): void
  /** Entries that nobody told of were found in Postgres. */
  gapRepaired(): void
  /** Rows of the audit that could not be kept. */
  auditDropped(rows: number): void
  requested(request: HttpRequestMeasure): void
  /** Where the gauges are read from when somebody asks for them. */
  watch(source: () => NodeGauges): void
  read(): Promise<{ text: string; contentType: string }>
}

// A commit alone takes 0.3 ms, an outage seconds.
const secondsBuckets = [
  0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30
]
const entriesBuckets = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000]

export const createMetrics = (): Metrics => {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const log = createLogMetrics(registers)
  const refusals = new Counter({
    name: 'roomlog_refusals_total',
    help: 'What was refused, over any transport, by the name of the refusal',
    labelNames: ['code'],
    registers
  })
  const auditDrops = new Counter({
    name: 'roomlog_audit_dropped_total',
    help: 'Rows of the audit that could not be kept',
    registers
  })
  const requests = new Histogram({
    name: 'roomlog_http_request_seconds',
    help: 'HTTP requests',
    labelNames: ['method', 'route', 'status'],
    buckets: secondsBuckets,
    registers
  })
  return {
    ...log,
    ...createNodesMetrics(registers),
    refused: (code) => refusals.inc({ code }),
    auditDropped: (rows) => auditDrops.inc(rows),
    requested: ({ method, route, status, seconds }) => requests.observe({ method, route, status }, seconds),
    watch: (source) => addGauges(registers, source),
    async read() {
      return { text: await registry.metrics(), contentType: registry.contentType }
    }
  }
}

/** What goes between nodes. */
const createNodesMetrics = (
  registers: Registry[]
): Pick<Metrics, 'messaged' | 'gapRepaired' | 'headsChecked'> => {
  const messages = new Counter({
    name: 'roomlog_node_messages_total',
    help: 'Messages between nodes: sent, received, or dropped because Redis was away or behind',
    labelNames: ['what'],
    registers
  })
  const repairs = new Counter({
    name: 'roomlog_gap_repairs_total',
    help: 'Times that a room read from Postgres what other nodes had committed and not told',
    registers
  })
  const headChecks = new Counter({
    name: 'roomlog_heads_checked_total',
    help: 'Rooms whose head was compared with Postgres, for what no other node had told',
    registers
  })
  return {
    messaged: (what) => messages.inc({ what }),
    gapRepaired: () => repairs.inc(),
    headsChecked: (rooms) => headChecks.inc(rooms)
  }
}

const createLogMetrics = (
  registers: Registry[]
): Pick<Metrics, 'committed' | 'acknowledged' | 'shown' | 'loaded' | 'snapshotted'> => {
  const entries = new Counter({ name: 'roomlog_entries_total', help: 'Entries committed', registers })
  const commits = new Histogram({
    name: 'roomlog_commit_seconds',
    help: 'Statements that committed a batch of entries',
    buckets: secondsBuckets,
    registers
  })
  const batches = new Histogram({
    name: 'roomlog_batch_entries',
    help: 'Entries in one committed batch',
    buckets: entriesBuckets,
    registers
  })
  const seconds = (name: string, help: string): Histogram =>
    new Histogram({ name: `roomlog_${name}_seconds`, help, buckets: secondsBuckets, registers })
  const acknowledgements = seconds(
    'acknowledge',
    'From taking an update to telling its author that it is committed'
  )
  const broadcasts = seconds(
    'broadcast',
    'From taking an update to having shown it to those who are in its room'
  )
  const loads = seconds('load', 'Rooms read from the database')
  const snapshots = seconds('snapshot', 'Snapshots made')
  return {
    committed(count, taken) {
      entries.inc(count)
      commits.observe(taken)
      batches.observe(count)
    },
    acknowledged: (taken) => acknowledgements.observe(taken),
    shown: (taken) => broadcasts.observe(taken),
    loaded: (taken) => loads.observe(taken),
    snapshotted: (taken) => snapshots.observe(taken)
  }
}

/** Has `record` told how long it took, unless it fails. */
export const timed = async <T>(record: (seconds: number) => void, work: () => Promise<T>): Promise<T> => {
  const began = monotonic()
  const result = await work()
  record((monotonic() - began) / 1_000)
  return result
}

const gauges = {
  rooms: 'Rooms open on this node',
  roomsAwake: 'Open rooms whose document is in memory',
  sessions: 'Network connections',
  connections: 'Sessions in rooms: one session in two rooms counts as two',
  waitingEntries: 'Entries that are not committed yet',
  waitingBytes: 'Bytes that are not committed yet',
  unsentBytes: 'Bytes that were written for sessions and not taken by their readers',
  pausedSessions: 'Sessions that are not read for a moment: too fast, or the log is full',
  nodes: 'Nodes that are alive, this one included, as far as it hears',
  databaseUp: '1 while the log can be written',
  redisUp: '1 while messages get through to other nodes; 1 also where there is no Redis',
  overloaded: '1 while nobody new is let in',
  draining: '1 while this node is about to stop'
} as const satisfies Record<keyof NodeGauges, string>

const addGauges = (registers: Registry[], source: () => NodeGauges): void => {
  for (const [key, help] of Object.entries(gauges)) {
    const name = `roomlog_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: () => gauge.set(source()[key as keyof NodeGauges])
    })
  }
}
