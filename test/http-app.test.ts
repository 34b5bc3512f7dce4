import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { errorCodes } from '../schema/error-codes.ts'
import { kinds } from '../schema/kinds/kinds.ts'
import { createAttempts } from '../server/auth/attempts.ts'
import { createApp } from '../server/http/app.ts'
import { watchProcess } from '../server/http/process-health.ts'
import { createMetrics } from '../server/metrics.ts'
import { createPerSecond } from '../server/per-second.ts'
import { createAddressOf } from '../server/remote-address.ts'
import type { Rooms } from '../server/room/rooms.ts'
import { openAuthorityWorld } from './support/authority.ts'
import { callServer, expectProblem } from './support/http.ts'

/** Rooms with a bug: whatever is asked of them fails with text that nobody outside may read. */
const brokenRooms = new Proxy({} as Rooms, {
  get() {
    throw new Error('the password is hunter2')
  }
})

/** What no test of this file asks for. */
const nothing = (): never => {
  throw new Error('nobody asks for this here')
}
const people = {
  behaviours: { act: nothing, create: nothing },
  members: { list: nothing, find: nothing, set: nothing, remove: nothing },
  invites: { make: nothing, list: nothing, remove: nothing, join: nothing },
  joinAttempts: { take: nothing, giveBack: nothing },
  presences: { open: nothing, release: nothing, read: nothing, close: nothing },
  devices: { put: nothing, end: nothing, recheck: nothing, close: nothing },
  escalations: { take: nothing, end: nothing, close: nothing },
  audit: { record: () => {}, close: nothing },
  readAudit: nothing,
  changed: nothing,
  sessions: nothing,
  streams: { bodyBytesMax: 1024, open: nothing, openPolled: nothing, ask: nothing, answer: nothing }
}

interface AppServer extends AsyncDisposable {
  readonly url: string
  readonly logged: string[]
}

/** The HTTP side alone, where no auth is configured. */
const startApp = async (appsFolder: string | null): Promise<AppServer> => {
  const world = await openAuthorityWorld()
  const logged: string[] = []
  const watch = watchProcess(process)
  const app = createApp({
    rooms: brokenRooms,
    ...people,
    authority: world.authority(),
    attempts: createAttempts({ perMinuteMax: 60 }),
    addressOf: createAddressOf([]),
    writes: createPerSecond({ what: 'writing requests/s', most: 1_000 }),
    kinds,
    metrics: createMetrics(),
    logger: pino({ level: 'error', errorKey: 'error' }, { write: (line: string) => logged.push(line) }),
    config: {
      allowedOrigins: ['https://app.example'],
      frameBytesMax: 1024,
      idleTimeoutMs: 60_000,
      dayRooms: []
    },
    processHealth: () => watch.read(),
    assertReady: nothing,
    appsFolder
  })
  const server = createServer(getRequestListener(app.fetch))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logged,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      watch.close()
      await world[Symbol.asyncDispose]()
    }
  }
}

const files = {
  'index.html': '<!doctype html><script>theme()</script><script src="/a.js"></script>the app',
  'mark.svg': '<svg/>',
  'assets/index-B1cD2eF3.js': `export const text = '${'a'.repeat(5_000)}'`,
  'assets/font.woff2': 'font',
  '.env': 'SECRET=1'
}

let folder: string
let app: AppServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'roomlog-apps-'))
  await mkdir(join(folder, 'dist/assets'), { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, 'dist', name), content)
  await writeFile(join(folder, 'outside.txt'), 'outside')
  app = await startApp(join(folder, 'dist'))
})
afterAll(async () => {
  await app[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** As a browser asks for a page. */
const open = (path: string): Promise<Response> =>
  callServer(app.url, path, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } })

/** The whole answer to a request whose path no client library would send. */
const sendRaw = async (path: string, host = 'localhost'): Promise<string> => {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept: text/html\r\nConnection: close\r\n\r\n`)
  return text(socket)
}

describe('an app', () => {
  it('is served by its page, at each of its addresses', async () => {
    for (const path of ['/', '/index.html', '/form/42', '/form/a.b', '/form/new']) {
      const answer = await open(path)
      expect([path, await answer.text()]).toEqual([path, files['index.html']])
      expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
      expect(answer.headers.get('cache-control')).toBe('no-cache')
    }
  })

  it.each([
    ['/mark.svg', /^image\/svg\+xml/, 'no-cache'],
    ['/assets/index-B1cD2eF3.js', /^text\/javascript/, 'public, max-age=31536000, immutable'],
    ['/assets/font.woff2', /^font\/woff2/, 'no-cache']
  ])('has the file %s, as what it is', async (path, type, caching) => {
    const answer = await open(path)
    expect(await answer.text()).toBe(files[path.slice(1) as keyof typeof files])
    expect(answer.headers.get('content-type')).toMatch(type)
    expect(answer.headers.get('cache-control')).toBe(caching)
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is not sent again to a browser that has it', async () => {
    const etag = (await open('/')).headers.get('etag') ?? ''
    const again = await callServer(app.url, '/', { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it('is sent compressed to those who can read that', async () => {
    const path = 'assets/index-B1cD2eF3.js'
    const read = (coding: string) =>
      callServer(app.url, `/${path}`, { headers: { 'accept-encoding': coding } })
    for (const coding of ['gzip', 'identity', 'gzip']) {
      const answer = await read(coding)
      expect(answer.headers.get('content-encoding')).toBe(coding === 'gzip' ? 'gzip' : null)
      expect(await answer.text()).toBe(files[path])
    }
  })

  it('runs its own scripts and those of its page, and is framed by nobody', async () => {
    const policy = (await open('/')).headers.get('content-security-policy')
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode('theme()'))
    expect(policy).toContain(`script-src 'self' 'sha256-${Buffer.from(digest).toString('base64')}';`)
    expect(policy).toContain(`frame-ancestors 'none'`)
  })

  it.each(['/assets/missing.js', '/api/form', '/api/', '/ws', '/assets/'])(
    'is not what is at %s',
    async (path) => {
      await expectProblem(await open(path), 'not-found')
    }
  )

  it.each([
    '/../outside.txt',
    '/assets/../../outside.txt',
    '/%2e%2e/outside.txt',
    '/..%2foutside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/..%5coutside.txt',
    '//outside.txt',
    '/.env',
    '/%2eenv',
    '/mark.svg%00.html'
  ])('gives no way out of its folder by %s', async (path) => {
    const answer = await sendRaw(path)
    expect(answer).toMatch(/^HTTP\/1.1 (200|404) /)
    expect(answer).not.toMatch(/outside$|SECRET/)
  })

  it('is no answer to who asks for something else than a page', async () => {
    for (const path of ['/missing.png', '/form/42']) {
      const answer = await callServer(app.url, path, { headers: { accept: 'image/png,*/*' } })
      await expectProblem(answer, 'not-found')
    }
  })

  it('that is built anew is served anew', async () => {
    const dist = join(folder, 'rebuilt')
    await using rebuilt = await startApp(dist)
    await expectProblem(await callServer(rebuilt.url, '/a.js'), 'not-found')
    await mkdir(dist)
    await writeFile(join(dist, 'a.js'), 'a')
    await writeFile(join(dist, 'index.html'), 'built')
    expect(await (await callServer(rebuilt.url, '/')).text()).toBe('built')
    expect(await (await callServer(rebuilt.url, '/a.js')).text()).toBe('a')
  })

  it('that is not built says so', async () => {
    await using unbuilt = await startApp(join(folder, 'nowhere'))
    const answer = await callServer(unbuilt.url, '/')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await answer.text()).toContain('npm run build')
    await expectProblem(await callServer(unbuilt.url, '/form/42'), 'not-found')
  })
})

describe('a bug', () => {
  it('is answered without a word about it, and is in the log', async () => {
    const answer = await callServer(app.url, '/api/rooms/form%2F42/view', {
      headers: { 'x-request-id': 'the-bad-one' }
    })
    expect(await expectProblem(answer, 'internal')).toBe('it is in the log as request the-bad-one')
    const line = app.logged.find((each) => each.includes('the-bad-one')) ?? ''
    expect(JSON.parse(line)).toMatchObject({
      path: '/api/rooms/form%2F42/view',
      error: { message: 'the password is hunter2', stack: expect.any(String) }
    })
  })

  it('does not end the process for a client that leaves in the middle of its body', async () => {
    const before = app.logged.length
    await new Promise<void>((resolve) => {
      const upload = request(`${app.url}/api/rooms`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': '100' }
      })
      upload.on('error', () => resolve())
      upload.write('{"name":', () => upload.destroy())
    })
    expect((await callServer(app.url, '/healthz')).status).toBe(200)
    expect(app.logged.slice(before)).toEqual([])
  })
})

describe('where no token is needed', () => {
  it('a page that leads its own name here is refused', async () => {
    for (const host of ['evil.example', 'evil.example:8080', '192.168.1.7', 'localhost.evil.example']) {
      expect(await sendRaw('/api/openapi.json', host)).toContain('origin-refused')
    }
  })

  it.each(['localhost:8080', '127.0.0.1', '[::1]:8080', 'roomlog.localhost', 'app.example'])(
    'the host %s is served',
    async (host) => {
      expect(await sendRaw('/api/openapi.json', host)).toMatch(/^HTTP\/1.1 200 /)
    }
  )
})

describe('the description of the API', () => {
  it('has every route that a client may call', async () => {
    const { openapi, paths } = await (await callServer(app.url, '/api/openapi.json')).json()
    expect(openapi).toBe('3.1.0')
    const routes = Object.entries(paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`)
    )
    expect(routes.sort()).toEqual(
      [
        'get /healthz',
        'get /readyz',
        'get /metrics',
        'post /api/guests',
        'get /api/kinds',
        'post /api/rooms',
        'get /api/rooms',
        'get /api/rooms/{room}',
        'delete /api/rooms/{room}',
        'post /api/rooms/{room}/actions/{action}',
        'get /api/rooms/{room}/view',
        'patch /api/rooms/{room}/view',
        'get /api/rooms/{room}/doc',
        'post /api/rooms/{room}/doc',
        'get /api/rooms/{room}/entries',
        'get /api/rooms/{room}/stats',
        'get /api/rooms/{room}/presence',
        'put /api/rooms/{room}/presence',
        'delete /api/rooms/{room}/presence',
        'get /api/presence',
        'get /api/stats',
        'post /api/revocations',
        'get /api/rooms/{room}/members',
        'get /api/rooms/{room}/members/{user}',
        'put /api/rooms/{room}/members/{user}',
        'delete /api/rooms/{room}/members/{user}',
        'post /api/rooms/{room}/invites',
        'get /api/rooms/{room}/invites',
        'delete /api/rooms/{room}/invites/{id}',
        'post /api/join',
        'post /api/rooms/{room}/escalations',
        'delete /api/rooms/{room}/escalations/{user}',
        'get /api/sessions',
        'delete /api/sessions/{id}',
        'get /api/audit'
      ].sort()
    )
  })

  it('refers only to shapes that it has', async () => {
    const body = await (await callServer(app.url, '/api/openapi.json')).text()
    const { components } = JSON.parse(body)
    const references = [...body.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name)
    expect(references.length).toBeGreaterThan(0)
    expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining([...new Set(references)]))
  })

  it('is a page that loads nothing from anywhere, and explains every error', async () => {
    const answer = await callServer(app.url, '/api')
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
    const html = await answer.text()
    expect(html).not.toMatch(/<(script|img|link|iframe)|url\(|https?:/)
    for (const code of Object.keys(errorCodes)) expect(html).toContain(`id="error-${code}"`)
    expect(html).toContain('/api/rooms/{room}/entries')
  })
})
