import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { callServer, expectProblem, type HttpServer, roomPath, startHttpServer } from './support/http.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const page = 'https://app.example'

let server: HttpServer
let admin: string

beforeAll(async () => {
  server = await startHttpServer({
    AUTH_SECRET: authSecret,
    ALLOWED_ORIGINS: page,
    LOG_LEVEL: 'debug',
    ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX: '1000'
  })
  admin = await signToken({ sub: 'operator', grants: [{ room: '*', role: 'admin' }], exp: seconds() + 600 })
})
afterAll(() => server[Symbol.asyncDispose]())

const grant = (room: string, role: string, sub = 'ada'): Promise<string> =>
  signToken({ sub, grants: [{ room, role }] })

const createRoom = async (name: string): Promise<string> => {
  const answer = await server.call('/api/rooms', { token: admin, json: { name } })
  expect(answer.status).toBe(201)
  return name
}

const someUpdate = (): Uint8Array<ArrayBuffer> => {
  const document = new Y.Doc()
  document.getText('title').insert(0, 'hello')
  return Uint8Array.from(Y.encodeStateAsUpdate(document))
}

const paths = [
  '/api/rooms',
  '/api/stats',
  ...['', '/view', '/doc', '/entries', '/stats'].map((rest) => roomPath('form/1', rest))
]

describe('without a good token', () => {
  it.each<[string, () => Promise<string | undefined>]>([
    ['none', async () => undefined],
    ['an expired one', () => signToken({ exp: seconds() - 10 })],
    ['a forged one', () => signToken({}, { key: 'another secret, of as many characters as that' })],
    ['nonsense', async () => 'nonsense']
  ])('%s, nothing is told', async (_, make) => {
    const token = await make()
    for (const path of paths) {
      await expectProblem(await server.call(path, token === undefined ? {} : { token }), 'token-invalid')
    }
  })

  it('in another form than Bearer, nothing is told', async () => {
    const headers = { authorization: 'Basic YWRhOnNlY3JldA==' }
    expect(await expectProblem(await server.call('/api/rooms', { headers }), 'token-invalid')).toContain(
      'Bearer'
    )
  })

  it('and without any, a node still says that it lives', async () => {
    expect((await server.call('/healthz')).status).toBe(200)
    expect((await server.call('/readyz')).status).toBe(200)
  })

  it('nobody becomes a guest', async () => {
    await expectProblem(await server.call('/api/guests', { json: { name: 'Ada' } }), 'forbidden')
  })
})

describe('a token', () => {
  it('of a reader reads and does not write', async () => {
    const name = await createRoom('form/read-only')
    const token = await grant(name, 'reader')
    for (const rest of ['', '/view', '/doc', '/entries', '/stats']) {
      expect((await server.call(roomPath(name, rest), { token })).status).toBe(200)
    }
    const write = await server.call(roomPath(name, '/doc'), { token, bytes: someUpdate() })
    await expectProblem(write, 'read-only')
    const reader = await grant('form/*', 'reader')
    const create = await server.call('/api/rooms', { token: reader, json: { name: 'form/by-a-reader' } })
    await expectProblem(create, 'read-only')
    await expectProblem(await server.call(roomPath(name), { token, method: 'DELETE' }), 'forbidden')
    expect(await (await server.call(roomPath(name), { token })).json()).toMatchObject({ head: 0 })
  })

  it('of an editor writes, and does not delete', async () => {
    const name = await createRoom('form/editor')
    const token = await grant('form/*', 'editor')
    expect((await server.call(roomPath(name, '/doc'), { token, bytes: someUpdate() })).status).toBe(200)
    await expectProblem(await server.call(roomPath(name), { token, method: 'DELETE' }), 'forbidden')
  })

  it('of another room has no access, and does not learn whether there is one', async () => {
    const name = await createRoom('form/private')
    const token = await grant('form/other', 'owner')
    for (const room of [name, 'form/nobody-made-this']) {
      await expectProblem(await server.call(roomPath(room), { token }), 'forbidden')
      await expectProblem(await server.call('/api/rooms', { token, json: { name: room } }), 'forbidden')
    }
  })

  it('lists the rooms that it has access to, and no other', async () => {
    for (const name of ['form/l', 'form/l2', 'document/l']) await createRoom(name)
    const list = async (token: string): Promise<string[]> => {
      const answer: { rooms: { name: string }[] } = await (await server.call('/api/rooms', { token })).json()
      return answer.rooms.map(({ name }) => name)
    }
    expect(await list(await grant('form/l', 'reader'))).toEqual(['form/l'])
    expect(await list(await grant('document/*', 'reader'))).toEqual(['document/l'])
    expect(await list(await signToken({ sub: 'operator' }))).toContain('form/l2')
    expect(await list(await signToken({ sub: 'stranger' }))).toEqual([])
  })

  it('that is not of an administrator does not see the node', async () => {
    await expectProblem(await server.call('/api/stats', { token: await grant('*', 'owner') }), 'forbidden')
    expect((await server.call('/api/stats', { token: admin })).status).toBe(200)
  })
})

describe('a revocation', () => {
  it('ends the tokens of a user at once', async () => {
    const name = await createRoom('form/revoked')
    const token = await grant(name, 'reader', 'eve')
    expect((await server.call(roomPath(name), { token })).status).toBe(200)
    const answer = await server.call('/api/revocations', { token: admin, json: { userId: 'eve' } })
    expect(answer.status).toBe(204)
    expect(await expectProblem(await server.call(roomPath(name), { token }), 'token-invalid')).toContain(
      'revoked'
    )
  })

  it('is for administrators, and names something', async () => {
    const token = await grant('*', 'owner')
    await expectProblem(
      await server.call('/api/revocations', { token, json: { userId: 'ada' } }),
      'forbidden'
    )
    await expectProblem(await server.call('/api/revocations', { token: admin, json: {} }), 'request-invalid')
  })
})

describe('a page of another origin', () => {
  it('that is allowed may ask, send its token, and read our headers', async () => {
    const path = roomPath(await createRoom('form/cors'), '/doc')
    const preflight = await server.call(path, {
      method: 'OPTIONS',
      headers: {
        origin: page,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type'
      }
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-origin')).toBe(page)
    expect(preflight.headers.get('access-control-allow-methods')).toContain('POST')
    expect(preflight.headers.get('access-control-allow-headers')).toMatch(/authorization,content-type/)
    const { headers } = await server.call(path, { token: admin, headers: { origin: page } })
    expect(headers.get('access-control-allow-origin')).toBe(page)
    expect(headers.get('access-control-expose-headers')).toMatch(/roomlog-seq,roomlog-epoch/)
    expect(headers.get('vary')).toMatch(/origin/i)
  })

  it('that is allowed may read why it is refused', async () => {
    const answer = await server.call('/api/rooms', { headers: { origin: page } })
    expect(answer.headers.get('access-control-allow-origin')).toBe(page)
    await expectProblem(answer, 'token-invalid')
  })

  it.each(['https://evil.example', 'http://app.example', 'https://app.example:8443', 'null'])(
    'that is not, %s, is refused with a good token too',
    async (origin) => {
      const answer = await server.call('/api/rooms', { token: admin, headers: { origin } })
      expect(answer.headers.get('access-control-allow-origin')).toBeNull()
      await expectProblem(answer, 'origin-refused')
    }
  )

  it('is not another one if this server served it', async () => {
    const { url } = server.process
    expect((await server.call('/api/rooms', { token: admin, headers: { origin: url } })).status).toBe(200)
  })
})

describe('the log', () => {
  it('has each request, and no token of any', async () => {
    const forged = await signToken(
      { sub: 'unseen' },
      { key: 'another secret, of as many characters as that' }
    )
    const query = 'a-token-in-a-query'
    await server.call('/api/rooms', { token: forged })
    await server.call(`/api/rooms?token=${query}`, {
      token: admin,
      headers: { 'x-request-id': 'the-last-one' }
    })
    const line = /"requestId":"the-last-one","method":"GET","path":"\/api\/rooms","status":200/
    await waitUntil(() => line.test(server.process.stderr()), { about: 'the log line of the last request' })
    for (const secret of [forged, admin, query, authSecret])
      expect(server.process.stderr()).not.toContain(secret)
  })
})

describe('refused tokens', () => {
  it('above their number make the address wait, with a good token too', async () => {
    await using limited = await startHttpServer({
      AUTH_SECRET: authSecret,
      ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX: '3'
    })
    const call = (token: string): Promise<Response> =>
      callServer(limited.process.url, '/api/rooms', { token })
    for (let n = 0; n < 3; n++) await expectProblem(await call(`guess-${n}`), 'token-invalid')
    const answer = await call(admin)
    const wait = Number(answer.headers.get('retry-after'))
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(60)
    await expectProblem(answer, 'too-many')
  })

  it('do not count where none was sent', async () => {
    await using limited = await startHttpServer({
      AUTH_SECRET: authSecret,
      ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX: '1'
    })
    for (let n = 0; n < 3; n++) await expectProblem(await limited.call('/api/rooms'), 'token-invalid')
    expect((await limited.call('/api/rooms', { token: admin })).status).toBe(200)
  })
})
