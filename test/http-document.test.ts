import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { readText, startDocument } from './support/documents.ts'
import { expectProblem, type HttpServer, roomPath, startHttpServer } from './support/http.ts'

let server: HttpServer

beforeAll(async () => {
  server = await startHttpServer({ ROOMLOG_FRAME_BYTES_MAX: '64KiB' })
})
afterAll(() => server[Symbol.asyncDispose]())

let rooms = 0

const createRoom = async (): Promise<string> => {
  const name = `document/room-${++rooms}`
  const answer = await server.call('/api/rooms', { json: { name } })
  expect(answer.status).toBe(201)
  return name
}

const readBytes = async (answer: Response): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await answer.arrayBuffer())

describe('a document', () => {
  it('holds an update from the moment that it is answered', async () => {
    const name = await createRoom()
    const answer = await server.call(roomPath(name, '/doc'), { bytes: startDocument().write('hello') })
    expect(await answer.json()).toEqual({ seq: 1, epoch: 1, changed: true })
    expect([answer.headers.get('roomlog-seq'), answer.headers.get('roomlog-epoch')]).toEqual(['1', '1'])
    const read = await server.call(roomPath(name, '/doc'))
    expect([read.headers.get('roomlog-seq'), read.headers.get('roomlog-epoch')]).toEqual(['1', '1'])
    expect(read.headers.get('content-type')).toBe('application/octet-stream')
    expect(readText(await readBytes(read))).toBe('hello')
  })

  it('that is long is sent compressed, to whoever takes that', async () => {
    const name = await createRoom()
    const text = 'a long document '.repeat(200)
    await server.call(roomPath(name, '/doc'), { bytes: startDocument().write(text) })
    for (const [accepted, encoding] of [
      ['gzip', 'gzip'],
      ['identity', null]
    ] as const) {
      const answer = await server.call(roomPath(name, '/doc'), { headers: { 'accept-encoding': accepted } })
      expect(answer.headers.get('content-encoding')).toBe(encoding)
      expect(answer.headers.get('vary')).toContain('accept-encoding')
      expect(readText(await readBytes(answer))).toBe(text)
    }
  })

  it('takes an update twice without a second entry', async () => {
    const name = await createRoom()
    const update = startDocument().write('hello')
    await server.call(roomPath(name, '/doc'), { bytes: update })
    const again = await server.call(roomPath(name, '/doc'), { bytes: update })
    expect(await again.json()).toEqual({ seq: 1, epoch: 1, changed: false })
  })

  it('gives to a state vector what that lacks, and no more', async () => {
    const name = await createRoom()
    const { document, write } = startDocument()
    await server.call(roomPath(name, '/doc'), { bytes: write('hello') })
    const sv = Buffer.from(Y.encodeStateVector(document)).toString('base64url')
    const second = write(' world')
    await server.call(roomPath(name, '/doc'), { bytes: second })
    const difference = await readBytes(await server.call(roomPath(name, `/doc?sv=${sv}`)))
    expect(Buffer.from(difference)).toEqual(Buffer.from(second))
  })

  it.each(['', '!', 'a b', '_w', 'AQ'])('refuses the state vector "%s"', async (sv) => {
    const name = await createRoom()
    await expectProblem(await server.call(roomPath(name, `/doc?sv=${sv}`)), 'message-malformed')
  })

  it('refuses what is no update, and stores nothing of it', async () => {
    const name = await createRoom()
    const path = roomPath(name, '/doc')
    await expectProblem(await server.call(path, { bytes: new Uint8Array(0) }), 'message-malformed')
    await expectProblem(await server.call(path, { bytes: new Uint8Array(100).fill(255) }), 'update-malformed')
    expect(await (await server.call(roomPath(name))).json()).toMatchObject({ head: 0 })
  })

  it('refuses an update that builds on what it does not have', async () => {
    const name = await createRoom()
    const { write } = startDocument()
    write('hello')
    await expectProblem(
      await server.call(roomPath(name, '/doc'), { bytes: write(' world') }),
      'update-incomplete'
    )
  })

  it('refuses a body above the limit, announced or not', async () => {
    const path = roomPath(await createRoom(), '/doc')
    const bytes = startDocument().write('a'.repeat(70_000))
    await expectProblem(await server.call(path, { bytes }), 'too-large')
    const chunked = {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Blob([bytes]).stream(),
      duplex: 'half'
    }
    await expectProblem(await fetch(`${server.process.url}${path}`, chunked), 'too-large')
  })

  it('refuses a body of a type that any page may send without asking', async () => {
    const path = roomPath(await createRoom(), '/doc')
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=a'
    ]) {
      const answer = await server.call(path, {
        bytes: startDocument().write('hello'),
        headers: { 'content-type': type }
      })
      await expectProblem(answer, 'request-invalid')
    }
  })
})

describe('a view', () => {
  it('is the document as JSON, at its seq', async () => {
    const name = await createRoom()
    await server.call(roomPath(name, '/doc'), { bytes: startDocument().write('hello') })
    const view = await (await server.call(roomPath(name, '/view?after=1'))).json()
    expect(view).toMatchObject({ seq: 1, epoch: 1 })
    expect(JSON.stringify(view.data)).toContain('hello')
  })

  it('waits for a seq that is about to come', async () => {
    const name = await createRoom()
    const view = server.call(roomPath(name, '/view?after=1'))
    await server.call(roomPath(name, '/doc'), { bytes: startDocument().write('hello') })
    expect(await (await view).json()).toMatchObject({ seq: 1 })
  })

  it('of a seq that does not come is refused for now', async () => {
    const name = await createRoom()
    await expectProblem(await server.call(roomPath(name, '/view?after=7')), 'seq-ahead')
  })

  it.each(['-1', '1.5', 'x', '', '9007199254740993'])('of no seq, %s, is refused', async (after) => {
    const name = await createRoom()
    for (const rest of ['/view', '/entries']) {
      await expectProblem(await server.call(roomPath(name, `${rest}?after=${after}`)), 'seq-invalid')
    }
  })
})
