import { contradictions } from './contradictions.ts'
import {
  asBytes,
  asNetworks,
  asNumber,
  asOrigins,
  asPostgresUrl,
  asRedisUrl,
  asRooms,
  asSecret,
  asText,
  asWebUrl,
  asWord,
  type Parse,
  SettingError
} from './parse-setting.ts'

/** Every setting, read and checked; a setting that may be missing is null then. */
export type Config = { readonly [Name in keyof Settings]: ValueOf<Settings[Name]> }

/** What is wrong with the settings: all of it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the settings are not usable:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/**
 * Reads all settings. A variable that is set but empty counts as not set.
 *
 * @throws ConfigError that lists every problem
 */
export const readConfig = (environment: Environment = process.env): Config => {
  const problems = unknownNames(environment).map((name) => `${name}: there is no such setting`)
  const values: Record<string, unknown> = {}
  for (const [name, { env, parse, standard }] of Object.entries<Setting>(settings)) {
    const text = environment[env] || standard
    try {
      values[name] = text === null ? null : parse(text)
    } catch (error) {
      if (!(error instanceof SettingError)) throw error
      problems.push(`${env}: ${error.message}`)
    }
  }
  // The keys are those of the table; a value that is missing for a problem is not looked at after it.
  const config = values as Config
  problems.push(...contradictions(config))
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

/** The settings as Markdown tables, one per group: README's text. */
export const describeSettings = (): string =>
  groups
    .map(({ title, table }) =>
      [`### ${title}`, '', '| variable | default | |', '|---|---|---|', ...rowsOf(table)].join('\n')
    )
    .join('\n\n')

type Environment = Readonly<Record<string, string | undefined>>

interface Setting<T = unknown> {
  readonly env: string
  readonly parse: Parse<T>
  /** As it would be written in the environment; null: may be missing. */
  readonly standard: string | null
  readonly about: string
}

type Settings = typeof settings
type ValueOf<S extends Setting> = ReturnType<S['parse']> | (S['standard'] extends null ? null : never)

const network = {
  port: { env: 'PORT', parse: asNumber(0, 65_535), standard: '8080', about: 'TCP port; 0 takes a free one' },
  host: {
    env: 'HOST',
    parse: asText,
    standard: '127.0.0.1',
    about: 'Address to listen on; `0.0.0.0` for all, which asks for a way to check tokens'
  },
  allowedOrigins: {
    env: 'ALLOWED_ORIGINS',
    parse: asOrigins,
    standard: '',
    about:
      'Origins of pages that may connect, separated by commas; unset: pages of this server only; `*`: any'
  },
  trustedProxies: {
    env: 'ROOMLOG_TRUSTED_PROXIES',
    parse: asNetworks,
    standard: '',
    about:
      'Addresses or networks (`10.0.0.0/8`) of proxies, separated by commas; `X-Forwarded-For` is read from them alone'
  }
} as const satisfies Record<string, Setting>

const storage = {
  databaseUrl: {
    env: 'DATABASE_URL',
    parse: asPostgresUrl,
    standard: null,
    about: 'A Postgres server, 14 or later; unset: PGlite in this process, in `ROOMLOG_DATA_DIR`'
  },
  dataDir: {
    env: 'ROOMLOG_DATA_DIR',
    parse: asText,
    standard: './data',
    about: 'Folder of PGlite; one process at a time may use it'
  },
  poolMax: {
    env: 'ROOMLOG_POOL_MAX',
    parse: asNumber(1, 1000),
    standard: '8',
    about: 'Connections to Postgres, besides the two that write the log and watch over it'
  },
  loadsMax: {
    env: 'ROOMLOG_LOADS_MAX',
    parse: asNumber(1, 1000),
    standard: '8',
    about: 'Rooms loaded at once'
  },
  commitTimeoutMs: {
    env: 'ROOMLOG_COMMIT_TIMEOUT_MS',
    parse: asNumber(100, 600_000),
    standard: '15000',
    about:
      'Milliseconds until a write without an answer is repeated on a new connection; well above what Postgres takes'
  }
} as const satisfies Record<string, Setting>

const nodes = {
  redis: {
    env: 'REDIS_URL',
    parse: asRedisUrl,
    standard: null,
    about:
      'What carries news between nodes: `redis://host:6379`, a cluster as `redis://host1,host2,host3`, `redis+sentinel://host1,host2/name`; `rediss://` with TLS; unset: nodes find out from Postgres within seconds'
  },
  heartbeatMs: {
    env: 'ROOMLOG_HEARTBEAT_MS',
    parse: asNumber(50, 60_000),
    standard: '2000',
    about:
      'Milliseconds between two signs of life of a node; one that misses two is gone, and its people with it'
  },
  headsCheckMs: {
    env: 'ROOMLOG_HEADS_CHECK_MS',
    parse: asNumber(50, 60_000),
    standard: '2000',
    about: 'Milliseconds between two looks at Postgres for what other nodes wrote and nobody told'
  }
} as const satisfies Record<string, Setting>

const authentication = {
  authSecret: {
    env: 'AUTH_SECRET',
    parse: asSecret,
    standard: null,
    about: 'Key that tokens (HS256) are signed with, 32 bytes or more'
  },
  authJwksUrl: {
    env: 'AUTH_JWKS_URL',
    parse: asWebUrl,
    standard: null,
    about: 'Public keys that tokens are checked with'
  },
  authIssuer: { env: 'AUTH_ISSUER', parse: asText, standard: null, about: 'What `iss` of a token must be' },
  authAudience: {
    env: 'AUTH_AUDIENCE',
    parse: asText,
    standard: null,
    about: 'What `aud` of a token must hold'
  },
  authTimeoutMs: {
    env: 'ROOMLOG_AUTH_TIMEOUT_MS',
    parse: asNumber(100, 600_000),
    standard: '10000',
    about: 'Milliseconds that a connection may take to show a valid token'
  },
  authAttemptsPerMinuteMax: {
    env: 'ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX',
    parse: asNumber(1, 1_000_000),
    standard: '60',
    about: 'Refused tokens per address and minute, and per user and minute where the token tells whose it was'
  }
} as const satisfies Record<string, Setting>

const belonging = {
  joinAttemptsPerMinuteMax: {
    env: 'ROOMLOG_JOIN_ATTEMPTS_PER_MINUTE_MAX',
    parse: asNumber(1, 1_000_000),
    standard: '10',
    about: 'Wrong codes of invites per address and minute; twenty times as many from all addresses together'
  },
  escalationMinutesMax: {
    env: 'ROOMLOG_ESCALATION_MINUTES_MAX',
    parse: asNumber(1, 10_080),
    standard: '60',
    about: 'Minutes for which a role may be taken at most'
  },
  auditDays: {
    env: 'ROOMLOG_AUDIT_DAYS',
    parse: asNumber(1, 3650),
    standard: '90',
    about: 'Days after which the audit forgets'
  }
} as const satisfies Record<string, Setting>

const MiB = 1024 ** 2
/** Twice as long as text on its way to Postgres, which must fit into one string of JavaScript. */
const documentBytesMost = 128 * MiB

const limits = {
  frameBytesMax: {
    env: 'ROOMLOG_FRAME_BYTES_MAX',
    parse: asBytes(1024, documentBytesMost),
    standard: '4MiB',
    about: 'Bytes of one frame or request body'
  },
  documentBytesMax: {
    env: 'ROOMLOG_DOCUMENT_BYTES_MAX',
    parse: asBytes(1024, documentBytesMost),
    standard: '64MiB',
    about: 'Bytes of one document'
  },
  framesPerSecondMax: {
    env: 'ROOMLOG_FRAMES_PER_SECOND_MAX',
    parse: asNumber(1, 100_000_000),
    standard: '20000',
    about: 'Frames per second of one session; a role of a kind may have fewer'
  },
  bytesPerSecondMax: {
    env: 'ROOMLOG_BYTES_PER_SECOND_MAX',
    parse: asBytes(1024, 64 * 1024 * MiB),
    standard: '32MiB',
    about: 'Bytes per second of one session; a role of a kind may have fewer'
  },
  floodTimeoutMs: {
    env: 'ROOMLOG_FLOOD_TIMEOUT_MS',
    parse: asNumber(100, 600_000),
    standard: '5000',
    about:
      'Milliseconds for which a session that sends too fast is read more slowly; beyond it, the session is closed to come back'
  },
  roomsPerSessionMax: {
    env: 'ROOMLOG_ROOMS_PER_SESSION_MAX',
    parse: asNumber(1, 1_000_000),
    standard: '100',
    about: 'Rooms open in one session'
  },
  sessionsPerAddressMax: {
    env: 'ROOMLOG_SESSIONS_PER_ADDRESS_MAX',
    parse: asNumber(1, 10_000_000),
    standard: '100000',
    about: 'Sessions from one address'
  },
  sessionsPerUserMax: {
    env: 'ROOMLOG_SESSIONS_PER_USER_MAX',
    parse: asNumber(1, 10_000_000),
    standard: '50000',
    about: 'Sessions of one user'
  },
  connectsPerSecondMax: {
    env: 'ROOMLOG_CONNECTS_PER_SECOND_MAX',
    parse: asNumber(1, 1_000_000),
    standard: '20000',
    about: 'Attempts to open a session, per address and second'
  },
  writesPerSecondMax: {
    env: 'ROOMLOG_WRITES_PER_SECOND_MAX',
    parse: asNumber(1, 1_000_000),
    standard: '5000',
    about: 'HTTP requests that write, per address and second, and per user and second'
  },
  idleTimeoutMs: {
    env: 'ROOMLOG_IDLE_TIMEOUT_MS',
    parse: asNumber(1000, 86_400_000),
    standard: '60000',
    about: 'Milliseconds after which a session of which nothing is heard is closed'
  },
  dayRooms: {
    env: 'ROOMLOG_DAY_ROOMS',
    parse: asRooms,
    standard: '',
    about:
      'Rooms (`timeline/ours`, `timeline/*`), separated by commas, whose day it is: who is silent there is asked after 3 s, and gone after 8'
  },
  backlogBytesMax: {
    env: 'ROOMLOG_BACKLOG_BYTES_MAX',
    parse: asBytes(1024, 64 * 1024 * MiB),
    standard: '64MiB',
    about: 'Bytes of updates that wait for Postgres; beyond it, sessions are paused'
  },
  sessionBacklogBytesMax: {
    env: 'ROOMLOG_SESSION_BACKLOG_BYTES_MAX',
    parse: asBytes(1024, 64 * 1024 * MiB),
    standard: '16MiB',
    about:
      'Bytes that wait for one slow reader; beyond it, the session is closed to come back. From a quarter of it on, 1 MiB at most, ' +
      'the reader gets nothing more of documents and presence, and one update instead when it has caught up'
  },
  unsentBytesMax: {
    env: 'ROOMLOG_UNSENT_BYTES_MAX',
    parse: asBytes(1024, 64 * 1024 * MiB),
    standard: '256MiB',
    about:
      'Bytes that wait for all slow readers; from half of it on, less and less may wait for each, and beyond it those furthest behind are closed to come back'
  },
  stallTimeoutMs: {
    env: 'ROOMLOG_STALL_TIMEOUT_MS',
    parse: asNumber(1000, 86_400_000),
    standard: '120000',
    about: 'Milliseconds after which a reader that takes nothing of what waits for it is closed to come back'
  },
  eventLoopDelayMsMax: {
    env: 'ROOMLOG_EVENT_LOOP_DELAY_MS_MAX',
    parse: asNumber(10, 60_000),
    standard: '500',
    about:
      'Milliseconds that the event loop may be late, on average over two seconds; beyond it, nobody new is let in until it is calm again'
  },
  collectAfterSessions: {
    env: 'ROOMLOG_COLLECT_AFTER_SESSIONS',
    parse: asNumber(0, 1_000_000),
    standard: '1000',
    about:
      'New sessions after which memory is given back to the system, in the next quiet moment; 0 leaves it to V8'
  }
} as const satisfies Record<string, Setting>

const operation = {
  logLevel: {
    env: 'LOG_LEVEL',
    parse: asWord('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    standard: 'info',
    about: 'Least severe level that is logged: fatal, error, warn, info, debug, trace or silent'
  },
  kinds: {
    env: 'ROOMLOG_KINDS',
    parse: asText,
    standard: null,
    about: 'Module with kinds of your own, as in `./kinds.ts`; Node runs TypeScript as it is'
  },
  drainGraceMs: {
    env: 'ROOMLOG_DRAIN_GRACE_MS',
    parse: asNumber(0, 600_000),
    standard: '0',
    about:
      'Milliseconds after SIGTERM for which `/readyz` says no and all else goes on, for load balancers to notice'
  },
  drainMsMax: {
    env: 'ROOMLOG_DRAIN_MS_MAX',
    parse: asNumber(0, 600_000),
    standard: '5000',
    about:
      'Milliseconds over which sessions are then asked to come back elsewhere: 2 for each of them, so many at most'
  },
  shutdownTimeoutMs: {
    env: 'ROOMLOG_SHUTDOWN_TIMEOUT_MS',
    parse: asNumber(100, 600_000),
    standard: '10000',
    about:
      'Milliseconds to write what waits when they have been asked; what is left then is said, and the exit code is not 0'
  }
} as const satisfies Record<string, Setting>

const settings = {
  ...network,
  ...storage,
  ...nodes,
  ...authentication,
  ...belonging,
  ...limits,
  ...operation
}

const groups: readonly { readonly title: string; readonly table: Record<string, Setting> }[] = [
  { title: 'Network', table: network },
  { title: 'Storage', table: storage },
  { title: 'Several nodes', table: nodes },
  { title: 'Authentication', table: authentication },
  { title: 'Belonging', table: belonging },
  { title: 'Limits', table: limits },
  { title: 'Operation', table: operation }
]

const rowsOf = (table: Record<string, Setting>): string[] =>
  Object.values(table).map(
    ({ env, standard, about }) => `| \`${env}\` | ${standard ? `\`${standard}\`` : ''} | ${about} |`
  )

/** A misspelled limit must not be silently none. Names of the tests are theirs. */
const unknownNames = (environment: Environment): string[] => {
  const known = new Set(Object.values(settings).map(({ env }): string => env))
  return Object.keys(environment).filter((name) => /^ROOMLOG_(?!TEST_)/.test(name) && !known.has(name))
}
