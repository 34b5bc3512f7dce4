/** Every number of the benchmark: what is done, for how long, and what we aim at. Durations in milliseconds. */

export interface Settings {
  readonly runs: number
  readonly latency: PacedSettings
  readonly throughput: {
    readonly rooms: number
    readonly writersPerRoom: number
    readonly window: number
    readonly warmUpMs: number
    readonly measureMs: number
  }
  readonly wal: PacedSettings & { readonly documentBytes: number }
  readonly durability: {
    readonly trialsPerRun: number
    readonly updatesBeforeKill: number
    readonly window: number
    readonly killWithinMs: number
  }
  readonly flood: PacedSettings & {
    /** Frames per second that each flooder tries to send, as a multiple of what one session may. */
    readonly timesLimit: number
    readonly framesPerSecondMax: number
  }
  readonly coldOpen: {
    readonly edits: number
    readonly writers: number
    readonly joiners: number
  }
  readonly fanOut: {
    readonly readers: number
    readonly manyReaders: number
    /** Key presses per second of the one who types, at a person's pace and at that of a crowd. */
    readonly slow: number
    readonly fast: number
    readonly warmUpMs: number
    readonly measureMs: number
  }
  readonly presence: {
    readonly people: number
    readonly statesPerSecond: number
    readonly warmUpMs: number
    readonly measureMs: number
  }
  readonly connections: {
    readonly clients: number
    readonly manyClients: number
    readonly perRoom: number
    readonly typists: number
    readonly updatesPerSecond: number
    readonly warmUpMs: number
    readonly idleMs: number
  }
  readonly storm: { readonly clients: number; readonly rooms: number; readonly documentBytes: number }
  readonly twoNodes: {
    readonly latency: PacedSettings
    readonly throughput: Settings['throughput']
  }
  readonly sustained: SustainedSettings
  readonly guard: {
    readonly textItems: number
    readonly maps: number
    readonly updates: number
    readonly deletedItems: number
    readonly reconnects: number
  }
}

export interface PacedSettings {
  readonly rooms: number
  readonly updatesPerSecondPerRoom: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface SustainedSettings {
  readonly minutes: number
  readonly rooms: number
  /** In each room, besides the one who types. */
  readonly readersPerRoom: number
  readonly idleClients: number
  readonly updatesPerSecond: number
  readonly statesPerSecond: number
  /** Newcomers who take a room's document and leave. */
  readonly visitsPerSecond: number
}

export const full: Settings = {
  runs: 3,
  latency: { rooms: 50, updatesPerSecondPerRoom: 10, warmUpMs: 3_000, measureMs: 10_000 },
  throughput: { rooms: 100, writersPerRoom: 2, window: 8, warmUpMs: 4_000, measureMs: 8_000 },
  // The warm-up is longer than Hocuspocus's longest store delay (10 s) and touches every page that the
  // measured part touches; the measured part holds several of those delays.
  wal: { rooms: 20, updatesPerSecondPerRoom: 5, warmUpMs: 15_000, measureMs: 25_000, documentBytes: 158_000 },
  durability: { trialsPerRun: 10, updatesBeforeKill: 20, window: 8, killWithinMs: 50 },
  flood: {
    rooms: 20,
    updatesPerSecondPerRoom: 10,
    warmUpMs: 3_000,
    measureMs: 15_000,
    timesLimit: 50,
    framesPerSecondMax: 5_000
  },
  coldOpen: { edits: 100_000, writers: 10, joiners: 150 },
  fanOut: { readers: 1_000, manyReaders: 10_000, slow: 20, fast: 150, warmUpMs: 3_000, measureMs: 6_000 },
  presence: { people: 500, statesPerSecond: 1, warmUpMs: 3_000, measureMs: 6_000 },
  connections: {
    clients: 5_000,
    manyClients: 20_000,
    perRoom: 2,
    typists: 10,
    updatesPerSecond: 100,
    warmUpMs: 3_000,
    idleMs: 16_000
  },
  storm: { clients: 1_000, rooms: 200, documentBytes: 20_000 },
  twoNodes: {
    latency: { rooms: 50, updatesPerSecondPerRoom: 10, warmUpMs: 3_000, measureMs: 8_000 },
    throughput: { rooms: 100, writersPerRoom: 2, window: 8, warmUpMs: 4_000, measureMs: 8_000 }
  },
  sustained: {
    minutes: 5,
    rooms: 400,
    readersPerRoom: 4,
    idleClients: 3_000,
    updatesPerSecond: 1_500,
    statesPerSecond: 400,
    visitsPerSecond: 10
  },
  guard: { textItems: 100_000, maps: 2_000, updates: 20_000, deletedItems: 42_000, reconnects: 300 }
}

/** Shows that everything works, in less than a minute. Its figures mean nothing. */
export const quick: Settings = {
  runs: 1,
  latency: { rooms: 50, updatesPerSecondPerRoom: 10, warmUpMs: 200, measureMs: 800 },
  throughput: { rooms: 100, writersPerRoom: 2, window: 8, warmUpMs: 300, measureMs: 700 },
  wal: { rooms: 4, updatesPerSecondPerRoom: 5, warmUpMs: 500, measureMs: 1_500, documentBytes: 158_000 },
  durability: { trialsPerRun: 1, updatesBeforeKill: 20, window: 8, killWithinMs: 50 },
  flood: {
    rooms: 20,
    updatesPerSecondPerRoom: 10,
    warmUpMs: 300,
    measureMs: 1_000,
    timesLimit: 50,
    framesPerSecondMax: 5_000
  },
  coldOpen: { edits: 1_000, writers: 10, joiners: 20 },
  fanOut: { readers: 50, manyReaders: 200, slow: 20, fast: 150, warmUpMs: 200, measureMs: 600 },
  presence: { people: 50, statesPerSecond: 1, warmUpMs: 1_200, measureMs: 1_000 },
  connections: {
    clients: 200,
    manyClients: 600,
    perRoom: 2,
    typists: 10,
    updatesPerSecond: 100,
    warmUpMs: 300,
    idleMs: 300
  },
  storm: { clients: 100, rooms: 20, documentBytes: 5_000 },
  twoNodes: {
    latency: { rooms: 10, updatesPerSecondPerRoom: 10, warmUpMs: 300, measureMs: 700 },
    throughput: { rooms: 10, writersPerRoom: 2, window: 8, warmUpMs: 300, measureMs: 700 }
  },
  sustained: {
    minutes: 0.1,
    rooms: 10,
    readersPerRoom: 2,
    idleClients: 20,
    updatesPerSecond: 50,
    statesPerSecond: 10,
    visitsPerSecond: 2
  },
  guard: { textItems: 20_000, maps: 200, updates: 2_000, deletedItems: 4_000, reconnects: 20 }
}

/** What a ratio must be at most or at least. */
export const goals = {
  ackToCommitP50: { most: 2 },
  ackToCommitP99: { most: 4 },
  throughputToHocuspocus: { least: 2.5 },
  throughputToRelay: { least: 1 },
  walBytesPerUpdate: { most: 300 },
  lostUpdates: { most: 0 },
  ackBesideFlood: { most: 2 },
  oneNewcomerToDatabase: { most: 0.5 },
  manyNewcomersToDatabase: { most: 0.2 },
  fanOutToRelay: { most: 1.05 },
  windowedFanOutToRelay: { most: 0.65 },
  windowedDeliveryP50: { most: 50 },
  fastDeliveryP99: { most: 250 },
  idleMemoryToHocuspocus: { most: 0.35 },
  connectsToHocuspocus: { least: 2 },
  presenceToHocuspocus: { most: 0.2 },
  presenceDelivered: { least: 1 },
  stormToHocuspocus: { most: 0.5 },
  readersOfOneNode: { least: 10_000 },
  connectionsOfOneNode: { least: 20_000 },
  judgeMicroseconds: { most: 5 },
  reconnectToApply: { most: 0.1 },
  messageMs: { most: 100 },
  throughputToUnguarded: { least: 0.9 }
} as const

/** A generator whose event loop is busy for more than this part of the time is the limit, not the server. */
export const generatorBusyMax = 0.9

/** When other programs use more cores than this, the report says so. */
export const otherCoresMax = 0.2

/** Above what one session sends here: the limit of frames is no part of what is measured. */
export const framesPerSecondMax = 1_000_000

/** Less than what a server lets wait to be accepted (511, with Node): beyond it the system repeats after a second. */
export const arrivalsAtOnce = 256

/** Files that a process with as many connections as the system allows still needs for itself. */
export const openFilesReserve = 100

/** States of presence that come later than this after the last was shown count as not delivered. */
export const crowdLateMs = 5_000

/** Key presses that come later than this after the last was typed count as not delivered. */
export const fanOutLateMs = 20_000

/** How often memory is looked at in a sustained run. */
export const sampleMsMax = 5_000

export const paragraphLength = 200
export const keyPressBlock = 512
export const keyPressesChecked = 100
export const quietMs = 200
export const idleMs = 300
export const startDeadlineMs = 20_000
export const stopDeadlineMs = 10_000
export const stepDeadlineMs = 60_000
export const editsDeadlineMs = 600_000
