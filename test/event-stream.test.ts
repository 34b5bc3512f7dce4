/** `/stream` word for word: what an event stream says, what may be posted, and what is refused. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { expectProblem } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { authMessage, syncMessage } from './support/raw-messages.ts'
import { RawStream } from './support/raw-stream.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { seconds } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let world: SessionWorld
let token: string
const clients: RawStream[] = []
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld({
    LOG_LEVEL: 'warn',
    ROOMLOG_FRAME_BYTES_MAX: '16KiB',
    ROOMLOG_IDLE_TIMEOUT_MS: '3000',
    ROOMLOG_AUTH_TIMEOUT_MS: '20000',
    ROOMLOG_SESSIONS_PER_USER_MAX: '5'
  })
  // The file takes longer than a token usually lasts.
  token = await tokenFor('ada', 'writer', { exp: seconds() + 3_600 })
})
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy()
  await waitUntil(async () => (await world.stats()).sessions === 0, {
    about: 'all sessions to end',
    timeoutMs: 20_000
  })
  expect(world.server.stderr()).toBe('')
})
afterAll(() => world?.[Symbol.asyncDispose]())

const open = async (
  options: { isPolled?: boolean; headers?: Record<string, string> } = {}
): Promise<RawStream> => {
  const client = await RawStream.open(world.server.url, options)
  clients.push(client)
  return client
}

const enter = async (room: string, isPolled = false) => {
  const client = await open({ isPolled })
  const document = await client.enter(room, token)
  const updates = record(document)
  return {
    client,
    /** The message of a change. */
    change: (text: string): Uint8Array => {
      document.getText('text').insert(document.getText('text').length, text)
      return syncMessage(room, 2, updates.pop() ?? Uint8Array.of())
    }
  }
}

const saved = (client: RawStream, count: number) =>
  waitUntil(() => client.acknowledged() === count, {
    about: `${count} acknowledgements, ${client.acknowledged()} came`
  })

const textOf = async (room: string): Promise<string> => {
  const document = new Y.Doc()
  for (const { update } of await world.rows(room)) Y.applyUpdate(document, update)
  return document.getText('text').toString()
}

const suite = describe.skipIf(missing('postgres'))

suite.each([
  ['an event stream', false],
  ['short answers', true]
])('a session over %s', (_, isPolled) => {
  it('is acknowledged as one over a WebSocket is, and sees what others write', async () => {
    const room = newRoom()
    const [ada, ben] = [await enter(room, isPolled), await enter(room)]
    await ada.client.post(ada.change('a'), ada.change('b'))
    await saved(ada.client, 3)
    await waitUntil(() => ben.client.count('update') > 0, { about: 'the update' })
    await ben.client.post(ben.change('!'))
    await waitUntil(() => ada.client.count('update') > 0, { about: 'the other update' })
    await waitUntil(async () => (await textOf(room)) !== '', { about: 'the log' })
    expect([...(await textOf(room))].sort().join('')).toBe('!ab')
  })

  it('takes a batch once that is posted twice, and in its order one that comes early', async () => {
    const room = newRoom()
    const { client, change } = await enter(room, isPolled)
    const [first, second, third] = [change('1'), change('2'), change('3')]
    const base = client.posted
    const late = client.postAs(base + 3, third)
    const middle = client.postAs(base + 2, second)
    await client.postAs(base + 1, first)
    await Promise.all([middle, late])
    for (const [number, message] of [first, second, third].entries())
      await client.postAs(base + 1 + number, message)
    await saved(client, 4)
    expect(await textOf(room)).toBe('123')
    await client.post(change('4'))
    await saved(client, 5)
    expect(await textOf(room)).toBe('1234')
  })

  it('ends with the code and name that a WebSocket would be closed with', async () => {
    const client = await open({ isPolled })
    await client.post(Uint8Array.of(200))
    expect(await client.ended()).toEqual({ code: 4400, reason: 'message-malformed' })
    await expectProblem(await client.postRaw(99, Uint8Array.of()), 'session-unknown')
  })

  it('is gone for the others when its client says so', async () => {
    const room = newRoom()
    const { client } = await enter(room, isPolled)
    expect((await world.stats()).connections).toBe(1)
    await client.leave()
    await waitUntil(async () => (await world.stats()).connections === 0, { about: 'it to be gone' })
  })

  it('counts as one of its user, and of the limits of all', async () => {
    const room = newRoom()
    const all = await Promise.all(Array.from({ length: 5 }, () => enter(room, isPolled)))
    const client = await open({ isPolled })
    await client.post(authMessage(room, token))
    expect((await client.ended()).code).toBe(4529)
    expect(all.every((one) => one.client.ending === null)).toBe(true)
  })

  it('is kept while its client answers, and ended when nothing is heard of it', async () => {
    const { client } = await enter(newRoom(), isPolled)
    const heard = client.count('ping')
    await waitUntil(() => client.count('ping') > heard, { about: 'to be asked for a sign of life' })
    client.stopAsking()
    await waitUntil(async () => (await world.stats()).sessions === 0, {
      about: 'it to be ended',
      timeoutMs: 20_000
    })
  })

  it('is asked to come back when the server is about to stop', async () => {
    const { client } = await enter(newRoom(), isPolled)
    const stopped = world.server.stop()
    expect(await client.ended()).toEqual({ code: 1012, reason: 'draining' })
    expect(await stopped).toBe(0)
    await world.server.restart()
  })
})

suite('an event stream', () => {
  it('may not be kept, changed or collected by anything in between', async () => {
    const { headers } = await open()
    expect(headers.get('content-type')).toBe('text/event-stream')
    expect(headers.get('cache-control')).toBe('no-store, no-transform')
    expect(headers.get('x-accel-buffering')).toBe('no')
  })

  it('is refused to pages of others, as a WebSocket is', async () => {
    const answer = await fetch(`${world.server.url}/stream`, { headers: { origin: 'https://evil.example' } })
    await expectProblem(answer, 'origin-refused')
    const post = await fetch(`${world.server.url}/stream/x?n=1`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/octet-stream' },
      body: Uint8Array.of()
    })
    await expectProblem(post, 'origin-refused')
  })

  it('has no name that its user or an administrator could read, and so nobody else posts to it', async () => {
    const { client } = await enter(newRoom())
    const answer = await fetch(`${world.server.url}/api/sessions`, {
      headers: { authorization: `Bearer ${token}` }
    })
    const { sessions } = await answer.json()
    expect(sessions).toHaveLength(1)
    expect(client.id).not.toContain(sessions[0].id)
    const url = `${world.server.url}/stream/${client.id.slice(0, -1)}?n=9`
    const headers = { 'content-type': 'application/octet-stream' }
    await expectProblem(
      await fetch(url, { method: 'POST', headers, body: Uint8Array.of() }),
      'session-unknown'
    )
  })
})

suite('what is posted', () => {
  it('is refused by name, and the session goes on, when it is no batch', async () => {
    const room = newRoom()
    const { client, change } = await enter(room)
    const next = client.posted + 1
    await expectProblem(await client.postRaw(next, Uint8Array.of(5, 1)), 'message-malformed')
    await expectProblem(await client.postRaw(next + 8, Uint8Array.of()), 'too-many')
    await expectProblem(await client.postRaw(next, new Uint8Array(70_000)), 'too-large')
    await expectProblem(await client.postRaw(next, new Uint8Array(20_000)), 'too-many')
    const url = `${world.server.url}/stream/${client.id}`
    const headers = { 'content-type': 'application/octet-stream' }
    await expectProblem(
      await fetch(url, { method: 'POST', headers, body: Uint8Array.of() }),
      'request-invalid'
    )
    await expectProblem(await fetch(`${url}?n=${next}`, { method: 'POST', body: 'x' }), 'request-invalid')
    await expectProblem(await fetch(`${url}?had=0`), 'request-invalid')
    expect(client.ending).toBeNull()
    await client.post(change('goes on'))
    await saved(client, 2)
    expect(await textOf(room)).toBe('goes on')
  })

  it('waits within a bound for what should come before it', async () => {
    const { client } = await enter(newRoom())
    // An answer to a ping would be the batch that is missing.
    client.stopAsking()
    const next = client.posted + 1
    const early = Array.from({ length: 6 }, (_, index) =>
      client.postRaw(
        next + 1 + index,
        Buffer.concat([Uint8Array.of(0x80, 0x90, 0x03), new Uint8Array(51_200)])
      )
    )
    const answers = await Promise.race([Promise.all(early.map(settledSoon)), client.ended()])
    expect(answers).toContain('too-many')
    client.destroy()
    await Promise.allSettled(early)
  })
})

/** The name that a post was refused by; null as long as it waits. */
const settledSoon = async (post: Promise<Response>): Promise<string | null> => {
  const answer = await Promise.race([post, new Promise<null>((resolve) => setTimeout(resolve, 2_000, null))])
  return answer === null ? null : (await answer.json()).code
}
