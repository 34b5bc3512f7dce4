import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { startDocument } from './support/documents.ts'
import { expectProblem, type HttpServer, roomPath, startHttpServer } from './support/http.ts'

let server: HttpServer

beforeAll(async () => {
  server = await startHttpServer()
})
afterAll(() => server[Symbol.asyncDispose]())

interface RoomsPage {
  readonly rooms: readonly { readonly name: string }[]
  readonly next: string | null
}

interface EntriesPage {
  readonly entries: readonly { readonly seq: number; readonly update: string; readonly bytes: number }[]
  readonly next: number | null
}

let rooms = 0
const newRoomName = (): string => `document/room-${++rooms}`

const becomeGuest = async (name: string): Promise<{ token: string; user: { id: string; name: string } }> =>
  (await server.call('/api/guests', { json: { name } })).json()

const createRoom = async (name = newRoomName(), token?: string): Promise<string> => {
  const answer = await server.call('/api/rooms', {
    json: { name },
    ...(token === undefined ? {} : { token })
  })
  expect(answer.status).toBe(201)
  return name
}

describe('a node', () => {
  it('says that it lives and can commit', async () => {
    expect(await (await server.call('/healthz')).json()).toEqual({ status: 'alive' })
    expect(await (await server.call('/readyz')).json()).toEqual({ status: 'ready' })
  })

  it('gives its measures to Prometheus, without the names of rooms or people', async () => {
    const name = await createRoom()
    await server.call(roomPath(name, '/doc'), { bytes: startDocument().write('hello') })
    const answer = await server.call('/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    const text = await answer.text()
    for (const measure of [
      'roomlog_entries_total',
      'roomlog_commit_seconds_count',
      'roomlog_batch_entries_count',
      'roomlog_rooms',
      'roomlog_rooms_awake',
      'roomlog_sessions',
      'roomlog_waiting_bytes',
      'process_resident_memory_bytes'
    ]) {
      expect(text).toMatch(new RegExp(`^${measure} \\d`, 'm'))
    }
    expect(text).toMatch(
      /^roomlog_http_request_seconds_count\{method="POST",route="\/api\/rooms\/:room\/doc",status="200"\}/m
    )
    expect(text).not.toContain('room-')
  })

  it('tells everybody how it is where no auth is configured', async () => {
    expect(await (await server.call('/api/stats')).json()).toMatchObject({
      nodeVersion: expect.stringMatching(/^v\d+/),
      uptimeSeconds: expect.any(Number),
      memory: { rssBytes: expect.any(Number) },
      eventLoopDelay: { p50Ms: expect.any(Number), p99Ms: expect.any(Number) },
      rooms: expect.any(Number),
      sessions: expect.any(Number),
      waitingBytes: 0
    })
  })
})

describe('a guest', () => {
  it('gets a token for the name they say', async () => {
    const answer = await server.call('/api/guests', { json: { name: 'Ada' } })
    expect(answer.status).toBe(201)
    expect(await answer.json()).toMatchObject({
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      user: { id: expect.stringMatching(/^guest-/), name: 'Ada' }
    })
  })

  it('is the author of what they write (G6)', async () => {
    const { token, user } = await becomeGuest('Ada')
    const name = await createRoom()
    await server.call(roomPath(name, '/doc'), { token, bytes: startDocument().write('hello') })
    const { entries } = await (await server.call(roomPath(name, '/entries'))).json()
    expect(entries).toMatchObject([{ seq: 1, author: user.id }])
  })
})

describe('a room', () => {
  it('is created once, and found at its address', async () => {
    const name = newRoomName()
    const created = await server.call('/api/rooms', { json: { name } })
    expect(created.status).toBe(201)
    const location = created.headers.get('location') ?? ''
    expect(location).toBe(`/api/rooms/${name.replace('/', '%2F')}`)
    const body = await created.json()
    expect(body).toMatchObject({ name, kind: 'document', head: 0, epoch: 1, connections: 0 })
    expect(await (await server.call(location)).json()).toEqual(body)
    await expectProblem(await server.call('/api/rooms', { json: { name } }), 'room-exists')
  })

  it('has a name that is decoded once', async () => {
    const name = await createRoom('document/a+b~c@d:e')
    expect(await (await server.call(roomPath(name))).json()).toMatchObject({ name })
    await expectProblem(await server.call('/api/rooms/document%252Fa'), 'room-name-invalid')
    await expectProblem(await server.call('/api/rooms/document%2Fa%25'), 'room-name-invalid')
  })

  it.each([
    'document%2F',
    'document',
    '%2Fa',
    'Document%2Fa',
    'document%2F..',
    'document%2Fa%2Fb',
    'document%2Fa%00',
    'document%2F%zz',
    '__proto__',
    `document%2F${'a'.repeat(128)}`
  ])('is not named %s', async (segment) => {
    await expectProblem(await server.call(`/api/rooms/${segment}`), 'room-name-invalid')
  })

  it('without its slash encoded is not found, with a hint', async () => {
    expect(await expectProblem(await server.call('/api/rooms/document/a'), 'not-found')).toContain('%2F')
  })

  it('of a kind that is not defined is refused with the kinds that are', async () => {
    const answer = await server.call('/api/rooms', { json: { name: 'poem/1' } })
    expect(await expectProblem(answer, 'kind-unknown')).toMatch(/document.*form/)
    await expectProblem(await server.call('/api/rooms?kind=poem'), 'kind-unknown')
  })

  it('that nobody created is not found', async () => {
    const name = newRoomName()
    for (const rest of ['', '/view', '/doc', '/entries', '/stats']) {
      await expectProblem(await server.call(roomPath(name, rest)), 'room-not-found')
    }
  })

  it('is listed with the others of its kind, page by page', async () => {
    const names = ['form/list-1', 'form/list-2', 'form/list-3', 'form/list-4', 'form/list-5']
    for (const name of names) await createRoom(name)
    const listed: string[] = []
    let next: string | null = 'form/list-0'
    while (next !== null) {
      const path = `/api/rooms?kind=form&limit=2&after=${encodeURIComponent(next)}`
      const page: RoomsPage = await (await server.call(path)).json()
      expect(page.rooms.length).toBeLessThanOrEqual(2)
      listed.push(...page.rooms.map(({ name }) => name))
      next = page.next
    }
    expect(listed).toEqual(names)
  })

  it('is deleted by its owner alone, and then is gone for everybody', async () => {
    const [owner, other] = [await becomeGuest('Ada'), await becomeGuest('Bob')]
    const name = await createRoom(newRoomName(), owner.token)
    await expectProblem(
      await server.call(roomPath(name), { method: 'DELETE', token: other.token }),
      'forbidden'
    )
    const deleted = await server.call(roomPath(name), { method: 'DELETE', token: owner.token })
    expect([deleted.status, await deleted.text()]).toEqual([204, ''])
    for (const { token } of [owner, other]) {
      await expectProblem(await server.call(roomPath(name), { token }), 'room-deleted')
      await expectProblem(await server.call('/api/rooms', { token, json: { name } }), 'room-deleted')
    }
    const page: RoomsPage = await (await server.call('/api/rooms?kind=document&limit=1000')).json()
    expect(page.rooms.map((room) => room.name)).not.toContain(name)
  })
})

describe('the entries', () => {
  it('are the log, and give the document back', async () => {
    const name = await createRoom()
    const { write } = startDocument()
    for (const text of ['one', ' two', ' three']) {
      await server.call(roomPath(name, '/doc'), { bytes: write(text) })
    }
    const copy = new Y.Doc()
    const seqs: number[] = []
    let next: number | null = 0
    while (next !== null) {
      const answer = await server.call(roomPath(name, `/entries?limit=2&after=${next}`))
      const page: EntriesPage = await answer.json()
      for (const { seq, update, bytes } of page.entries) {
        const decoded = Buffer.from(update, 'base64')
        expect(decoded.length).toBe(bytes)
        Y.applyUpdate(copy, decoded)
        seqs.push(seq)
      }
      next = page.next
    }
    expect(seqs).toEqual([1, 2, 3])
    expect(copy.getText('text').toString()).toBe('one two three')
  })

  it('come in pages of 1 to 1,000', async () => {
    const name = await createRoom()
    for (const limit of ['0', '1001', 'x', '1.5']) {
      const answer = await server.call(roomPath(name, `/entries?limit=${limit}`))
      expect(await expectProblem(answer, 'request-invalid')).toContain('limit')
    }
  })
})

describe('the stats of a room', () => {
  it('tell where it stands, also while it sleeps', async () => {
    const name = await createRoom()
    expect(await (await server.call(roomPath(name, '/stats'))).json()).toMatchObject({
      room: name,
      seq: 0,
      connections: 0,
      waiting: 0
    })
  })
})

describe('a request', () => {
  it('to nowhere is answered by a problem', async () => {
    await expectProblem(await server.call('/api/nowhere'), 'not-found')
    await expectProblem(
      await server.call('/nowhere', { headers: { accept: 'application/json' } }),
      'not-found'
    )
    await expectProblem(await server.call('/api/rooms', { method: 'PUT' }), 'not-found')
  })

  it('with a body that cannot be read is refused', async () => {
    const headers = { 'content-type': 'application/json' }
    const bytes = new TextEncoder().encode('{"name": ')
    await expectProblem(await server.call('/api/rooms', { bytes, headers }), 'message-malformed')
  })

  it('with a body of another form is refused with what is wrong', async () => {
    const answer = await server.call('/api/rooms', { json: { nam: 'document/a' } })
    expect(await expectProblem(answer, 'request-invalid')).toContain('name')
    const path = roomPath('document/a', '/actions/close')
    await expectProblem(await server.call(path, { json: 'a'.repeat(20_000) }), 'too-large')
    const headers = { 'content-type': 'text/plain' }
    await expectProblem(
      await server.call('/api/rooms', { json: { name: 'document/a' }, headers }),
      'request-invalid'
    )
  })

  it('of HEAD is answered like GET, without the body', async () => {
    const answer = await server.call('/healthz', { method: 'HEAD' })
    expect([answer.status, await answer.text()]).toEqual([200, ''])
  })

  it('keeps its id, or gets one', async () => {
    const given = await server.call('/healthz', { headers: { 'x-request-id': 'my-id.1' } })
    expect(given.headers.get('x-request-id')).toBe('my-id.1')
    const forged = await server.call('/healthz', { headers: { 'x-request-id': 'no "id"' } })
    expect(forged.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/)
  })

  it('is answered with headers that keep a browser from guessing', async () => {
    const { headers } = await server.call(roomPath(await createRoom()))
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`)
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
  })
})

describe('an upgrade', () => {
  it('at an address that is none is refused, and nobody else notices', async () => {
    for (const path of ['//', '/nowhere', '*', '/ws/%zz']) {
      const socket = connect(server.process.port, '127.0.0.1')
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
      )
      expect([path, await text(socket)]).toEqual([path, expect.stringMatching(/^HTTP\/1.1 4/)])
      expect((await server.call('/healthz')).status).toBe(200)
    }
  })
})
