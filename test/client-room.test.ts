/** The client SDK against a real server: what is seen by others, and what is said of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Client,
  type ClientOptions,
  createClient,
  type Room,
  type RoomError,
  RoomlogError,
  type Seq,
  type SyncStatus
} from '../client/index.ts'
import { document } from '../schema/kinds/document.ts'
import { form } from '../schema/kinds/form.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { missing } from './support/missing.ts'
import { startPostgresProxy } from './support/postgres-proxy.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

type FormRoom = Room<
  (typeof form)['storage'],
  { focus: string | null; caret: unknown },
  'owner' | 'editor' | 'reader'
>

const folders: string[] = []
const clients: Client[] = []
const databases: TestDatabase[] = []

const dataDir = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-client-'))
  folders.push(folder)
  return folder
}

const connect = (server: ServerProcess, auth?: ClientOptions['auth']): Client => {
  const url = `${server.wsUrl}/ws`
  const client = createClient(auth === undefined ? { url } : { url, auth })
  clients.push(client)
  return client
}

const nobody = { focus: null, caret: null }

const enter = (server: ServerProcess, id: string, auth?: ClientOptions['auth']) => {
  const client = connect(server, auth)
  const { room, leave } = client.enter(form, id, { initialPresence: nobody })
  const said: SyncStatus[] = []
  const errors: RoomError[] = []
  room.syncStatus.subscribe(() => said.push(room.syncStatus.get()))
  room.onError((error) => errors.push(error))
  return { client, room, leave, said, errors }
}

const ready = (room: FormRoom) => waitUntil(() => room.ready.get(), { about: 'the room to be ready' })

type In<S extends SyncStatus['state']> = Extract<SyncStatus, { readonly state: S }>

const isIn = <S extends SyncStatus['state']>(status: SyncStatus, state: S): status is In<S> =>
  status.state === state

const state = <S extends SyncStatus['state']>(
  room: FormRoom,
  wanted: S,
  timeoutMs = 30_000
): Promise<In<S>> =>
  waitUntil(
    () => {
      const status = room.syncStatus.get()
      if (isIn(status, wanted)) return status
      throw new Error(`it is ${status.state}`)
    },
    { about: `the sync status ${wanted}`, timeoutMs }
  )

const title = (room: FormRoom, wanted: string, timeoutMs = 20_000) =>
  waitUntil(() => room.snapshot.get().title === wanted, { about: `the title "${wanted}"`, timeoutMs })

const tokenFor = (sub: string, role: string) =>
  signToken({ sub, name: sub, grants: [{ room: 'form/*', role }] })

afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
afterAll(async () => {
  for (const database of databases) await database.drop()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

describe('with a server that takes guests', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startServer({ dataDir: dataDir() })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('what one client changes the other sees, and both say saved once it is committed', async () => {
    const ana = enter(server, 'both')
    const ben = enter(server, 'both')
    await ready(ana.room)
    await ready(ben.room)
    const id = ana.room.mutate(({ title, fields }) => {
      title.replace('Party')
      return fields.insert({ type: 'number', label: 'Guests' })
    })
    await title(ben.room, 'Party')
    expect(ben.room.snapshot.get().fields).toMatchObject([{ id, type: 'number', label: 'Guests' }])
    await state(ana.room, 'saved')
    expect(await ana.room.flush()).toEqual({ seq: 1, epoch: 1 })
    expect(ana.said).toContainEqual({ state: 'saving', pending: 1 })
  })

  test('two people who type into one text at once both keep what they typed', async () => {
    const ana = enter(server, 'typing')
    const ben = enter(server, 'typing')
    await ready(ana.room)
    await ready(ben.room)
    for (let index = 0; index < 20; index++) {
      ana.room.storage.answerTexts.get('f').type({ index: 0, remove: 0, insert: 'a' })
      ben.room.storage.answerTexts.get('f').type({ index: 0, remove: 0, insert: 'b' })
    }
    await waitUntil(() => [ana, ben].every(({ room }) => room.snapshot.get().answerTexts.f?.length === 40), {
      about: '40 characters on both sides'
    })
    expect(ana.room.snapshot.get().answerTexts.f).toBe(ben.room.snapshot.get().answerTexts.f)
    expect(ana.room.snapshot.get().answerTexts.f?.replaceAll('a', '')).toBe('b'.repeat(20))
  })

  test('rooms of one client share a socket, and a room that is entered twice is one', async () => {
    const client = connect(server)
    const first = client.enter(form, 'shared-1', { initialPresence: nobody })
    const again = client.enter(form, 'shared-1', { initialPresence: nobody })
    const other = client.enter(document, 'shared-2', { initialPresence: {} })
    expect(again.room).toBe(first.room)
    await ready(first.room)
    await waitUntil(() => other.room.ready.get(), { about: 'the document' })
    first.leave()
    first.leave()
    again.room.storage.title.replace('still here')
    await state(again.room, 'saved')
  })

  test('a room that was left by everybody and entered again begins anew', async () => {
    const client = connect(server)
    const first = client.enter(form, 'again', { initialPresence: nobody })
    await ready(first.room)
    first.room.storage.title.replace('before')
    await state(first.room, 'saved')
    first.leave()
    const second = await waitUntil(
      () => {
        const entered = client.enter(form, 'again', { initialPresence: nobody })
        if (entered.room !== first.room) return entered
        entered.leave()
        return null
      },
      { about: 'the room to be closed', everyMs: 1_200 }
    )
    await title(second.room, 'before')
  })

  test('changes that an editor makes to the Yjs document itself are counted and saved', async () => {
    const { room } = connect(server).enter(document, 'free', { initialPresence: {} })
    await waitUntil(() => room.ready.get(), { about: 'the document' })
    room.doc.getText('anything').insert(0, 'x')
    expect(room.syncStatus.get()).toEqual({ state: 'saving', pending: 1 })
    await waitUntil(() => room.syncStatus.get().state === 'saved', { about: 'saved' })
  })

  test('a name that is none is refused when it is entered', () => {
    expect(() => connect(server).enter(form, 'no/name', { initialPresence: nobody })).toThrow(RoomlogError)
  })

  test('the log tells its newest entries while somebody looks', async () => {
    const ana = enter(server, 'log')
    await ready(ana.room)
    ana.room.storage.title.replace('one')
    await ana.room.flush()
    const leave = ana.room.log.subscribe(() => {})
    await waitUntil(() => ana.room.log.get()?.head === 1, { about: 'the first entry' })
    ana.room.storage.title.replace('two')
    const log = await waitUntil(() => (ana.room.log.get()?.head === 2 ? ana.room.log.get() : null), {
      about: 'the second entry'
    })
    leave()
    expect(log.entries.map(({ seq, author }) => [seq, author])).toEqual(
      [1, 2].map((seq) => [seq, ana.room.rights.get()?.userId])
    )
  })

  test('undo takes back one mutation, and nothing of others', async () => {
    const ana = enter(server, 'undo')
    const ben = enter(server, 'undo')
    await ready(ana.room)
    await ready(ben.room)
    ana.room.storage.title.replace('Ana')
    ana.room.storage.answers.set('f', 1)
    await waitUntil(() => ben.room.snapshot.get().answers.f === 1, { about: "Ana's answer" })
    ben.room.storage.answers.set('g', 2)
    await waitUntil(() => ana.room.snapshot.get().answers.g === 2, { about: "Ben's answer" })
    expect(ana.room.history.undo()).toBe('done')
    expect(ana.room.snapshot.get()).toMatchObject({ title: 'Ana', answers: { g: 2 } })
    expect(ana.room.history.undo()).toBe('done')
    expect(ana.room.history.undo()).toBe('empty')
    expect(ana.room.snapshot.get()).toMatchObject({ title: '', answers: { g: 2 } })
    expect(ana.room.history.redo()).toBe('done')
    await title(ben.room, 'Ana')
  })

  test('undo of what others have overwritten since does nothing and says so', async () => {
    const ana = enter(server, 'overwritten')
    const ben = enter(server, 'overwritten')
    await ready(ana.room)
    await ready(ben.room)
    ana.room.storage.title.replace('kept')
    ana.room.storage.answers.set('f', 1)
    await waitUntil(() => ben.room.snapshot.get().answers.f === 1, { about: "Ana's answer" })
    ben.room.storage.answers.set('f', 2)
    await waitUntil(() => ana.room.snapshot.get().answers.f === 2, { about: "Ben's answer" })
    expect(ana.room.history.undo()).toBe('overwritten')
    expect(ana.room.snapshot.get()).toMatchObject({ title: 'kept', answers: { f: 2 } })
  })

  test('people see each other under the name of their token, and their presence', async () => {
    const ana = enter(server, 'people', async () => ({ token: await guest(server, 'Ana') }))
    const ben = enter(server, 'people', async () => ({ token: await guest(server, 'Ben') }))
    await ready(ana.room)
    await ready(ben.room)
    ana.room.updatePresence({ focus: 'title' })
    const seen = await waitUntil(
      () => ben.room.others.get().find(({ presence }) => presence.focus === 'title'),
      { about: 'Ana at the title' }
    )
    expect(seen.info.name).toBe('Ana')
    expect(seen.id).toBe(ana.room.self.get()?.id)
    expect(seen.info.color).toBe(ana.room.self.get()?.info.color)
    expect(ben.room.self.get()?.info.name).toBe('Ben')
    expect(ben.room.others.get()).toHaveLength(1)
  })

  test('a person in two tabs is one, and is not among the others of themselves', async () => {
    const token = await guest(server, 'Ana')
    const tabs = [1, 2].map(() => enter(server, 'tabs', async () => ({ token })))
    const ben = enter(server, 'tabs')
    for (const { room } of [...tabs, ben]) await ready(room)
    await waitUntil(() => ben.room.others.get()[0]?.connections.length === 2, {
      about: 'two connections of Ana'
    })
    expect(ben.room.others.get()).toHaveLength(1)
    expect(tabs[0]?.room.others.get().map(({ info }) => info.name)).toEqual(['Guest'])
    await waitUntil(() => tabs[0]?.room.self.get()?.connections.length === 2, { about: 'my other tab' })
  })

  test('who left stays in sight as stale for a while, and then is gone', async () => {
    const ana = enter(server, 'leaving')
    const ben = enter(server, 'leaving')
    await ready(ana.room)
    await waitUntil(() => ana.room.others.get().length === 1, { about: 'Ben' })
    ben.client.close()
    const left = await waitUntil(() => ana.room.others.get().find(({ stale }) => stale), {
      about: 'Ben to be stale'
    })
    expect(left.id).toBe(ben.room.self.get()?.id)
    await waitUntil(() => ana.room.others.get().length === 0, { about: 'Ben to be gone', timeoutMs: 15_000 })
  })
})

/** Starts sooner on a Postgres that is there than on a folder of its own. */
const startOwnServer = async (): Promise<ServerProcess> => {
  if (missing('postgres')) return startServer({ dataDir: dataDir() })
  const database = await createDatabase()
  databases.push(database)
  return startServer({ databaseUrl: database.url })
}

describe('with a server that ends', { timeout: 120_000 }, () => {
  test('nothing that was said to be saved is lost by kill -9, and what was not is sent again', async () => {
    await using server = await startOwnServer()
    const writer = enter(server, 'killed')
    await ready(writer.room)
    for (let round = 1; round <= 3; round++) {
      const saved = new Set<Seq>()
      const leave = writer.room.syncStatus.subscribe(() => {
        const status = writer.room.syncStatus.get()
        if (status.state === 'saved') saved.add(status.seq)
      })
      for (let index = 0; index < 10 * round; index++) {
        writer.room.storage.title.replace(`${round}.${index}`)
        await writer.room.flush()
      }
      writer.room.storage.title.replace(`last of ${round}`)
      await server.kill()
      leave()
      expect(saved.size).toBeGreaterThan(0)
      await server.restart()
      const reader = enter(server, 'killed')
      await title(reader.room, `last of ${round}`)
      const status = await state(writer.room, 'saved')
      expect(status.seq).toBeGreaterThanOrEqual(Math.max(...saved))
      reader.client.close()
    }
    expect(writer.errors.filter(({ retry }) => !retry)).toEqual([])
  })

  test('changes made without a server are counted, never called saved, and sent when it is back', async () => {
    await using server = await startOwnServer()
    const ana = enter(server, 'offline')
    await ready(ana.room)
    await state(ana.room, 'saved')
    await server.kill()
    await state(ana.room, 'offline')
    const said = ana.said.length
    for (const answer of [1, 2, 3]) ana.room.storage.answers.set(`f${answer}`, answer)
    expect(ana.room.syncStatus.get()).toEqual({ state: 'offline', pending: 3, storedLocally: false })
    const flushed = ana.room.flush()
    await server.restart()
    expect((await flushed).seq).toBe(1)
    expect(ana.room.syncStatus.get().state).toBe('saved')
    const since = ana.said.slice(said)
    const firstSaved = since.findIndex((status) => status.state === 'saved')
    expect(since.slice(0, firstSaved).every((status) => 'pending' in status && status.pending > 0)).toBe(true)
    const ben = enter(server, 'offline')
    await waitUntil(() => ben.room.snapshot.get().answers.f3 === 3, { about: 'the answers' })
  })

  test('somebody who types while the connection comes back is not refused', async () => {
    await using server = await startOwnServer()
    const ana = enter(server, 'storm')
    await ready(ana.room)
    let typed = 0
    let isTyping = true
    const type = async (): Promise<void> => {
      while (isTyping) {
        ana.room.storage.intro.type({ index: typed++, remove: 0, insert: 'x' })
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const typing = type()
    for (let round = 0; round < 2; round++) {
      await server.kill()
      await server.restart()
      await waitUntil(() => ana.room.status.get() === 'connected', {
        about: 'the connection',
        timeoutMs: 20_000
      })
    }
    isTyping = false
    await typing
    await state(ana.room, 'saved')
    const ben = enter(server, 'storm')
    await waitUntil(() => ben.room.snapshot.get().intro.length === typed, { about: `${typed} characters` })
    expect(ana.errors.filter(({ retry }) => !retry)).toEqual([])
  })

  test('a link on which nobody answers is given up, and used again when they do', async () => {
    await using server = await startOwnServer()
    const ana = enter(server, 'frozen')
    await ready(ana.room)
    await state(ana.room, 'saved')
    const said = ana.said.length
    server.pause()
    ana.room.storage.title.replace('into the void')
    await state(ana.room, 'offline')
    expect(ana.said.slice(said).map((status) => status.state)).not.toContain('saved')
    server.resume()
    await state(ana.room, 'saved', 40_000)
    const ben = enter(server, 'frozen')
    await title(ben.room, 'into the void')
  })

  test('who waits for a flush may stop waiting', async () => {
    await using server = await startOwnServer()
    const ana = enter(server, 'abort')
    await ready(ana.room)
    await server.kill()
    await expect(ana.room.flush({ signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/)
  })
})

describe.skipIf(missing('postgres'))('with a database that is away', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase()
  })
  afterAll(() => database.drop())

  test('the status is waiting with the right number, the connection stays, and it is saved later', async () => {
    await using proxy = await startPostgresProxy(database.url)
    await using server = await startServer({ databaseUrl: proxy.url })
    const ana = enter(server, 'waiting')
    const ben = enter(server, 'waiting')
    await ready(ana.room)
    await ready(ben.room)
    await state(ana.room, 'saved')
    proxy.refuse()
    for (const answer of [1, 2, 3]) ana.room.storage.answers.set(`f${answer}`, answer)
    expect(await state(ana.room, 'waiting')).toEqual({ state: 'waiting', pending: 3 })
    // That a connection stays shows only with time: this is longer than a dead link is given.
    await sleep(12_000)
    expect(ana.room.syncStatus.get()).toEqual({ state: 'waiting', pending: 3 })
    expect(ana.room.status.get()).toBe('connected')
    expect(ben.room.snapshot.get().answers).toEqual({})
    proxy.admit()
    await state(ana.room, 'saved', 40_000)
    await waitUntil(() => ben.room.snapshot.get().answers.f3 === 3, { about: 'the answers' })
  }, 90_000)
})

describe('with tokens', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startServer({ dataDir: dataDir(), env: { AUTH_SECRET: authSecret } })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('who may only read is told so before anything is changed', async () => {
    const reader = enter(server, 'read', async () => ({ token: await tokenFor('rita', 'reader') }))
    await ready(reader.room)
    expect(reader.room.rights.get()).toEqual({
      userId: 'rita',
      name: 'rita',
      role: 'reader',
      mayWrite: false
    })
    expect(() => reader.room.storage.title.replace('mine')).toThrow(
      expect.objectContaining({ reason: 'read-only' })
    )
    expect(reader.room.snapshot.get().title).toBe('')
    await state(reader.room, 'saved')
  })

  test('changes of somebody who may not write any more are given back, and the room goes on without them', async () => {
    let role = 'editor'
    const ben = enter(server, 'demoted', async () => ({ token: await tokenFor('ben', 'editor') }))
    const ana = enter(server, 'demoted', async () => ({ token: await tokenFor('ana', role) }))
    await ready(ben.room)
    await ready(ana.room)
    ana.room.storage.title.replace('before')
    await title(ben.room, 'before')
    const doc = ana.room.doc
    role = 'reader'
    await server.restart()
    ana.room.storage.answerTexts.get('f').replace('what I wrote')
    const rejected = await state(ana.room, 'rejected')
    expect(rejected).toMatchObject({ code: 'read-only', keptText: 'what I wrote' })
    expect(rejected.keptDocument).toBe(doc)
    await waitUntil(() => ana.room.doc !== doc, { about: 'the new document' })
    expect(ana.room.snapshot.get()).toMatchObject({ title: 'before', answerTexts: {} })
    expect(ana.room.syncStatus.get().state).toBe('rejected')
    rejected.discard()
    await state(ana.room, 'saved')
    await title(ben.room, 'before')
    ben.room.storage.title.replace('after')
    await title(ana.room, 'after')
    expect(ana.room.snapshot.get().answerTexts).toEqual({})
  })

  test('a refused token is asked for anew, once, and the app is told that it was refused', async () => {
    const asked: boolean[] = []
    const ana = enter(server, 'refresh', async (_, { refused }) => {
      asked.push(refused)
      return {
        token: refused
          ? await tokenFor('ana', 'editor')
          : await signToken({ sub: 'ana', exp: seconds() - 60 })
      }
    })
    await ready(ana.room)
    expect(asked).toEqual([false, true])
    expect(ana.room.failure.get()).toBeNull()
  })

  test('a token that stays refused ends the attempts, until the app says to try again', async () => {
    let exp = seconds() - 60
    let asked = 0
    const ana = enter(server, 'signed-out', async () => {
      asked++
      return { token: await signToken({ sub: 'ana', exp, grants: [{ room: 'form/*', role: 'editor' }] }) }
    })
    await waitUntil(() => ana.room.failure.get(), { about: 'the failure' })
    expect(ana.room.failure.get()?.code).toBe('token-invalid')
    expect(ana.room.status.get()).toBe('disconnected')
    expect(asked).toBe(2)
    await expect(ana.room.flush()).rejects.toThrow(expect.objectContaining({ reason: 'token-invalid' }))
    exp = seconds() + 60
    ana.client.retryNow()
    await ready(ana.room)
    expect(ana.room.failure.get()).toBeNull()
  })

  test('a token that expires while connected is replaced without a loss', async () => {
    let asked = 0
    const ana = enter(server, 'expiring', async () => {
      const exp = seconds() + (asked++ === 0 ? 2 : 60)
      return { token: await signToken({ sub: 'ana', exp, grants: [{ room: 'form/*', role: 'editor' }] }) }
    })
    await ready(ana.room)
    await waitUntil(() => asked === 2, { about: 'the second token' })
    ana.room.storage.title.replace('still me')
    await state(ana.room, 'saved')
    expect(ana.errors).toEqual([])
  })

  test('who has no role in a room gets nothing of it and is told why', async () => {
    const eve = enter(server, 'private', async () => ({ token: await signToken({ sub: 'eve', grants: [] }) }))
    await waitUntil(() => eve.room.failure.get(), { about: 'the failure' })
    expect(eve.room.failure.get()?.code).toBe('forbidden')
    expect(eve.room.syncStatus.get()).toMatchObject({ state: 'rejected', code: 'forbidden' })
    expect(eve.room.ready.get()).toBe(false)
  })

  test('a token that cannot be fetched is tried again', async () => {
    let asked = 0
    const ana = enter(server, 'flaky', async () => {
      if (++asked === 1) throw new Error('no network')
      return { token: await tokenFor('ana', 'editor') }
    })
    await ready(ana.room)
    expect(ana.errors).toEqual([
      expect.objectContaining({ retry: true, message: expect.stringContaining('no network') })
    ])
  })
})

const guest = async (server: ServerProcess, name: string): Promise<string> => {
  const answer = await fetch(`${server.url}/api/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name })
  })
  const { token }: { token: string } = await answer.json()
  return token
}
