import { describe, expect, it } from 'vitest'
import { ConfigError, describeSettings, readConfig } from '../server/config.ts'

const problemsOf = (environment: Record<string, string>): readonly string[] => {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}

const key = 'k'.repeat(32)

describe('the settings', () => {
  it('need none: a server for this machine alone, with its data in ./data', () => {
    expect(readConfig({})).toMatchObject({
      port: 8080,
      host: '127.0.0.1',
      databaseUrl: null,
      dataDir: './data',
      authSecret: null,
      authJwksUrl: null,
      allowedOrigins: [],
      logLevel: 'info',
      frameBytesMax: 4 * 1024 ** 2
    })
  })

  it('cannot be changed afterwards', () => {
    const config = readConfig({ ALLOWED_ORIGINS: 'https://a.example' })
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.allowedOrigins)).toBe(true)
  })

  it('that are empty are not set', () => {
    expect(readConfig({ PORT: '', DATABASE_URL: '', AUTH_SECRET: '' })).toEqual(readConfig({}))
  })

  it.each<[string, string, string, unknown]>([
    ['PORT', '0', 'port', 0],
    ['HOST', '::1', 'host', '::1'],
    ['HOST', '127.0.0.2', 'host', '127.0.0.2'],
    ['HOST', 'localhost', 'host', 'localhost'],
    [
      'ALLOWED_ORIGINS',
      'https://a.example, http://localhost:5173',
      'allowedOrigins',
      ['https://a.example', 'http://localhost:5173']
    ],
    ['ALLOWED_ORIGINS', '*', 'allowedOrigins', ['*']],
    [
      'DATABASE_URL',
      'postgres://u:p@a:1,b:2/db?host=/tmp',
      'databaseUrl',
      'postgres://u:p@a:1,b:2/db?host=/tmp'
    ],
    ['ROOMLOG_DATA_DIR', '/var/lib/roomlog', 'dataDir', '/var/lib/roomlog'],
    ['ROOMLOG_POOL_MAX', '3', 'poolMax', 3],
    ['ROOMLOG_LOADS_MAX', '3', 'loadsMax', 3],
    ['ROOMLOG_COMMIT_TIMEOUT_MS', '200', 'commitTimeoutMs', 200],
    ['AUTH_SECRET', key, 'authSecret', key],
    ['AUTH_JWKS_URL', 'https://id.example/keys', 'authJwksUrl', 'https://id.example/keys'],
    ['ROOMLOG_AUTH_TIMEOUT_MS', '200', 'authTimeoutMs', 200],
    ['ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX', '3', 'authAttemptsPerMinuteMax', 3],
    ['ROOMLOG_FRAME_BYTES_MAX', '65536', 'frameBytesMax', 65_536],
    ['ROOMLOG_FRAME_BYTES_MAX', '512KiB', 'frameBytesMax', 512 * 1024],
    ['ROOMLOG_DOCUMENT_BYTES_MAX', '8MiB', 'documentBytesMax', 8 * 1024 ** 2],
    ['ROOMLOG_FRAMES_PER_SECOND_MAX', '3', 'framesPerSecondMax', 3],
    ['ROOMLOG_BYTES_PER_SECOND_MAX', '1GiB', 'bytesPerSecondMax', 1024 ** 3],
    ['ROOMLOG_ROOMS_PER_SESSION_MAX', '3', 'roomsPerSessionMax', 3],
    ['ROOMLOG_SESSIONS_PER_ADDRESS_MAX', '3', 'sessionsPerAddressMax', 3],
    ['ROOMLOG_SESSIONS_PER_USER_MAX', '3', 'sessionsPerUserMax', 3],
    ['ROOMLOG_CONNECTS_PER_SECOND_MAX', '3', 'connectsPerSecondMax', 3],
    ['ROOMLOG_WRITES_PER_SECOND_MAX', '3', 'writesPerSecondMax', 3],
    ['ROOMLOG_FLOOD_TIMEOUT_MS', '200', 'floodTimeoutMs', 200],
    [
      'ROOMLOG_TRUSTED_PROXIES',
      '10.0.0.0/8, 127.0.0.1,fd00::/8',
      'trustedProxies',
      ['10.0.0.0/8', '127.0.0.1', 'fd00::/8']
    ],
    ['ROOMLOG_IDLE_TIMEOUT_MS', '2000', 'idleTimeoutMs', 2000],
    ['ROOMLOG_DAY_ROOMS', 'timeline/ours, ceremony/*,*', 'dayRooms', ['timeline/ours', 'ceremony/*', '*']],
    ['ROOMLOG_BACKLOG_BYTES_MAX', '8MiB', 'backlogBytesMax', 8 * 1024 ** 2],
    ['ROOMLOG_SESSION_BACKLOG_BYTES_MAX', '8MiB', 'sessionBacklogBytesMax', 8 * 1024 ** 2],
    ['ROOMLOG_KINDS', './kinds.ts', 'kinds', './kinds.ts'],
    ['ROOMLOG_EVENT_LOOP_DELAY_MS_MAX', '200', 'eventLoopDelayMsMax', 200],
    ['ROOMLOG_DRAIN_GRACE_MS', '200', 'drainGraceMs', 200],
    ['ROOMLOG_DRAIN_MS_MAX', '0', 'drainMsMax', 0],
    ['ROOMLOG_SHUTDOWN_TIMEOUT_MS', '200', 'shutdownTimeoutMs', 200],
    ['LOG_LEVEL', 'debug', 'logLevel', 'debug']
  ])('%s=%s', (name, text, property, value) => {
    expect(readConfig({ [name]: text })).toHaveProperty(property, value)
  })

  it.each([
    ['PORT', '65536'],
    ['PORT', '80a'],
    ['PORT', '-1'],
    ['PORT', '1e3'],
    ['ROOMLOG_FRAME_BYTES_MAX', '4MB'],
    ['ROOMLOG_FRAME_BYTES_MAX', '-4MiB'],
    ['ROOMLOG_FRAME_BYTES_MAX', '0x1000'],
    ['ROOMLOG_FRAME_BYTES_MAX', '4.5MiB'],
    ['ROOMLOG_FRAME_BYTES_MAX', '1GiB'],
    ['ROOMLOG_IDLE_TIMEOUT_MS', '0'],
    ['LOG_LEVEL', 'verbose'],
    ['DATABASE_URL', 'mysql://localhost/db'],
    ['AUTH_JWKS_URL', 'file:///keys'],
    ['AUTH_SECRET', 'k'.repeat(31)],
    ['ALLOWED_ORIGINS', 'https://a.example/'],
    ['ALLOWED_ORIGINS', 'a.example'],
    ['ROOMLOG_DAY_ROOMS', 'timeline'],
    ['ROOMLOG_DAY_ROOMS', 'timeline/*a'],
    ['ROOMLOG_TRUSTED_PROXIES', 'proxy.example'],
    ['ROOMLOG_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['ROOMLOG_TRUSTED_PROXIES', '10.0.0.0/']
  ])('%s=%s is a problem', (name, text) => {
    expect(problemsOf({ [name]: text })).toEqual([expect.stringMatching(`^${name}: `)])
  })

  it('that are wrong are all told at once', () => {
    const problems = problemsOf({
      PORT: 'x',
      LOG_LEVEL: 'x',
      AUTH_SECRET: 'x',
      HOST: '0.0.0.0',
      ROOMLOG_POOL_MAX: 'x'
    })
    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'PORT',
      'ROOMLOG_POOL_MAX',
      'AUTH_SECRET',
      'LOG_LEVEL'
    ])
  })

  it('that are secret are never shown', () => {
    const told = problemsOf({
      AUTH_SECRET: 'hunter2',
      DATABASE_URL: 'postgress://roomlog:hunter2@db/roomlog'
    }).join()
    expect(told).toMatch(/AUTH_SECRET.*DATABASE_URL|DATABASE_URL.*AUTH_SECRET/)
    expect(told).not.toContain('hunter2')
  })

  it.each(['0.0.0.0', '::', '10.0.0.1', 'roomlog.example'])('on %s ask for a way to check tokens', (host) => {
    expect(problemsOf({ HOST: host })).toEqual([expect.stringMatching(/^HOST: .*AUTH_SECRET.*AUTH_JWKS_URL/)])
    expect(problemsOf({ HOST: host, AUTH_SECRET: key })).toEqual([])
    expect(problemsOf({ HOST: host, AUTH_JWKS_URL: 'https://id.example/keys' })).toEqual([])
  })

  it('hold one way to check tokens, not two', () => {
    expect(problemsOf({ AUTH_SECRET: key, AUTH_JWKS_URL: 'https://id.example/keys' })).toHaveLength(1)
  })

  it('tell when an issuer or audience would not be checked', () => {
    expect(problemsOf({ AUTH_ISSUER: 'me', AUTH_AUDIENCE: 'you' })).toHaveLength(2)
    expect(problemsOf({ AUTH_ISSUER: 'me', AUTH_AUDIENCE: 'you', AUTH_SECRET: key })).toEqual([])
  })

  it('tell when a frame would never fit into the backlog', () => {
    expect(problemsOf({ ROOMLOG_FRAME_BYTES_MAX: '2MiB', ROOMLOG_BACKLOG_BYTES_MAX: '1MiB' })).toHaveLength(1)
  })

  it('tell of a name that is none of them', () => {
    expect(problemsOf({ ROOMLOG_FRAME_BYTE_MAX: '1MiB' })).toEqual([
      'ROOMLOG_FRAME_BYTE_MAX: there is no such setting'
    ])
  })

  it('are described each by a row with its name, default and meaning', () => {
    const rows = describeSettings()
      .split('\n')
      .filter((line) => line.startsWith('| `'))
    expect(rows).toHaveLength(Object.keys(readConfig({})).length)
    expect(rows).toContain('| `PORT` | `8080` | TCP port; 0 takes a free one |')
    for (const row of rows) expect(row).toMatch(/^\| `[A-Z_]+` \| (`[^`]+`)? ?\| .+ \|$/)
  })
})
