/**
 * How much of what a load takes: processor, memory, writes, messages. Each cost is a figure of RESULTS.md, so the model
 * is as old as the last benchmark. docs/capacity.md explains it, and has its tables.
 */
import type { Results } from './results.ts'

/** What one node, or all of them together, has to do. */
export interface Load {
  readonly sessions: number
  /** Rooms whose document is held as a live one, because somebody has written since they were opened. */
  readonly awakeRooms: number
  readonly entriesPerSecond: number
  /** Frames that show something to somebody: updates and presence. */
  readonly framesPerSecond: number
  /** States of presence, times those who see them. */
  readonly statesPerSecond: number
  readonly connectsPerSecond: number
  readonly bytesOutPerSecond: number
}

export interface Prediction {
  readonly commitsPerSecond: number
  readonly serverCores: number
  readonly bytes: number
  readonly postgresCores: number
  readonly walBytesPerSecond: number
}

/** A figure, and where RESULTS.md has it. */
export interface Cost {
  readonly value: number
  readonly what: string
  readonly from: string
}

export type CostName = keyof typeof sources
export type Costs = Readonly<Record<CostName, Cost>>

type Figure = (scenario: string, subject: string, key: string) => number

const seconds = 1_000_000
const latencyEntriesPerSecond = 500

/**
 * Commits a second of one node. A batch goes out when the one before has returned and there is something to write:
 * its time, and the wait for the next entry.
 */
const commitsAt = (entriesPerSecond: number, commitMs: number): number =>
  entriesPerSecond === 0 ? 0 : 1 / (commitMs / 1_000 + 1 / entriesPerSecond)

const perFrame = (figure: Figure): number =>
  figure('fan-out', 'roomlog', 'slowMicroseconds') / figure('fan-out', 'roomlog', 'slowFrames')

/** What is left of an update at typing pace when its own work is taken away, spread over fewer commits than updates. */
const perCommit = (figure: Figure, key: 'serverMicroseconds' | 'postgresMicroseconds', own: number): number =>
  ((figure('latency', 'roomlog', key) - own) * latencyEntriesPerSecond) /
  commitsAt(latencyEntriesPerSecond, figure('latency', 'raw commit', 'ackP50'))

const sources = {
  commitMs: {
    what: 'ms that Postgres takes for one commit',
    from: 'Latency: raw commit, ack p50',
    of: (figure: Figure) => figure('latency', 'raw commit', 'ackP50')
  },
  entry: {
    what: 'server µs per entry, in large batches, with its acknowledgement',
    from: 'Throughput: roomlog, server µs/update',
    of: (figure: Figure) => figure('throughput', 'roomlog', 'serverMicroseconds')
  },
  commit: {
    what: 'server µs per turn that reads, applies and commits, whatever is in it',
    from: 'Latency: roomlog, server µs/update, less one entry and one frame, by commits',
    of: (figure: Figure) =>
      perCommit(
        figure,
        'serverMicroseconds',
        figure('throughput', 'roomlog', 'serverMicroseconds') + perFrame(figure)
      )
  },
  frame: {
    what: 'server µs per frame that is shown to somebody',
    from: 'Fan-out: roomlog, slow: server µs/delivery over frames/delivery',
    of: perFrame
  },
  state: {
    what: 'server µs per state of presence and person who sees it',
    from: 'Presence: roomlog, server µs/state',
    of: (figure: Figure) => figure('presence', 'roomlog', 'microseconds')
  },
  connect: {
    what: 'server µs per connection, with its token',
    from: 'Connections: roomlog, server µs/connection',
    of: (figure: Figure) => figure('connections', 'roomlog', 'microseconds')
  },
  processBytes: {
    what: 'bytes of a process with few connections',
    from: 'Connections: roomlog, many, MB before',
    of: (figure: Figure) => figure('connections', 'roomlog, many', 'megabytesBefore') * 1024 ** 2
  },
  sessionBytes: {
    what: 'bytes per idle session, with half a sleeping room',
    from: 'Connections: roomlog, many, KB/connection',
    of: (figure: Figure) => figure('connections', 'roomlog, many', 'kilobytes') * 1024
  },
  roomBytes: {
    what: 'bytes per room whose document is live (a paragraph)',
    from: 'Connections: KB/connection of "rooms written" less that of roomlog, times two',
    of: (figure: Figure) =>
      Math.max(
        0,
        figure('connections', 'roomlog, rooms written', 'kilobytes') -
          figure('connections', 'roomlog', 'kilobytes')
      ) *
      2 *
      1024
  },
  postgresEntry: {
    what: 'Postgres µs per entry, in large batches',
    from: 'Throughput: roomlog, Postgres µs/update',
    of: (figure: Figure) => figure('throughput', 'roomlog', 'postgresMicroseconds')
  },
  postgresCommit: {
    what: 'Postgres µs per commit, whatever is in it',
    from: 'Latency: roomlog, Postgres µs/update, less one entry, by commits',
    of: (figure: Figure) =>
      perCommit(figure, 'postgresMicroseconds', figure('throughput', 'roomlog', 'postgresMicroseconds'))
  },
  walBytes: {
    what: 'bytes of WAL per entry, without page images',
    from: 'What the database writes: roomlog, WAL bytes/update',
    of: (figure: Figure) => figure('wal', 'roomlog', 'walBytes')
  },
  redisCommands: {
    what: 'Redis commands per entry of a room that is open on two nodes',
    from: 'Two nodes: roomlog, 2 nodes, Redis commands/update',
    of: (figure: Figure) => figure('two-nodes', 'roomlog, 2 nodes', 'redisCommands')
  },
  redisEntry: {
    what: 'Redis µs per entry',
    from: 'Two nodes: roomlog, 2 nodes, Redis µs/update',
    of: (figure: Figure) => figure('two-nodes', 'roomlog, 2 nodes', 'redisMicroseconds')
  },
  redisBytes: {
    what: 'bytes into and out of Redis per entry',
    from: 'Two nodes: roomlog, 2 nodes, Redis bytes/update',
    of: (figure: Figure) => figure('two-nodes', 'roomlog, 2 nodes', 'redisBytes')
  }
} as const satisfies Record<string, { what: string; from: string; of: (figure: Figure) => number }>

/** Null as long as not everything that the model needs was measured. */
export const costsOf = (results: Results): Costs | null => {
  let isWhole = true
  const figure: Figure = (scenario, subject, key) => {
    const value = results[scenario]?.figures[subject]?.[key]
    if (typeof value === 'number') return value
    isWhole = false
    return Number.NaN
  }
  const costs = Object.entries(sources).map(([name, { what, from, of }]) => [
    name,
    { what, from, value: of(figure) }
  ])
  // The names are those of the table.
  return isWhole ? (Object.fromEntries(costs) as Costs) : null
}

/** What one node takes for this load. */
export const predict = (load: Load, costs: Costs): Prediction => {
  const commitsPerSecond = commitsAt(load.entriesPerSecond, costs.commitMs.value)
  const serverMicroseconds =
    commitsPerSecond * costs.commit.value +
    load.entriesPerSecond * costs.entry.value +
    load.framesPerSecond * costs.frame.value +
    load.statesPerSecond * costs.state.value +
    load.connectsPerSecond * costs.connect.value
  return {
    commitsPerSecond,
    serverCores: serverMicroseconds / seconds,
    bytes:
      costs.processBytes.value +
      load.sessions * costs.sessionBytes.value +
      load.awakeRooms * costs.roomBytes.value,
    postgresCores:
      (commitsPerSecond * costs.postgresCommit.value + load.entriesPerSecond * costs.postgresEntry.value) /
      seconds,
    walBytesPerSecond: load.entriesPerSecond * costs.walBytes.value
  }
}

/** The same mix of work, for another number of sessions. */
export const scaleTo = (load: Load, sessions: number): Load => {
  const times = sessions / load.sessions
  return {
    sessions,
    awakeRooms: load.awakeRooms * times,
    entriesPerSecond: load.entriesPerSecond * times,
    framesPerSecond: load.framesPerSecond * times,
    statesPerSecond: load.statesPerSecond * times,
    connectsPerSecond: load.connectsPerSecond * times,
    bytesOutPerSecond: load.bytesOutPerSecond * times
  }
}

/** How many sessions of this mix bring one node to so much of a core. */
export const sessionsPerNode = (load: Load, costs: Costs, coresMost: number): number => {
  let [few, many] = [0, 10_000_000]
  while (many - few > 1) {
    const middle = Math.floor((few + many) / 2)
    if (predict(scaleTo(load, middle), costs).serverCores <= coresMost) few = middle
    else many = middle
  }
  return few
}
