/**
 * Several nodes on one Postgres: what is written on one is on all of them, with Redis between them and without.
 *
 * Where it is about Redis they look at Postgres by themselves only once a minute: no test passes by that.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { startLateProxy } from './support/late-proxy.ts'
import { auditLog } from './support/log-audit.ts'
import { missing } from './support/missing.ts'
import { type Redis, startRedis } from './support/redis.ts'
import { readDocument, readEntries, readView } from './support/room-over-http.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'

const fast = { ROOMLOG_HEARTBEAT_MS: '300' }
let rooms = 0
const newRoom = (): string => `document/shared-${++rooms}`
const textOf = ({ document }: StockProvider): string => document.getText('t').toString()
const write = ({ document }: StockProvider, text: string): void => document.getText('t').insert(0, text)

const sameText = async (...all: readonly StockProvider[]): Promise<string> => {
  const texts = (): readonly string[] => all.map(textOf)
  await waitUntil(() => new Set(texts()).size === 1 && texts()[0] !== '', {
    about: 'one text on all replicas'
  })
  return texts()[0] ?? ''
}

const startNodes = (database: TestDatabase, env: Record<string, string>) => {
  const start = () => startServer({ databaseUrl: database.url, env: { ...fast, ...env } })
  return Promise.all([start(), start()])
}

const stored = async (node: ServerProcess, room: string): Promise<string> =>
  auditLog(await readEntries(node.url, room))
    .document.getText('t')
    .toString()

const both = describe.skipIf(missing('postgres') || missing('redis'))

both('two nodes that hear each other over Redis', () => {
  let database: TestDatabase
  let redis: Redis
  let nodes: [ServerProcess, ServerProcess]
  beforeAll(async () => {
    database = await createDatabase()
    redis = await startRedis()
    nodes = await startNodes(database, { REDIS_URL: redis.url, ROOMLOG_HEADS_CHECK_MS: '60000' })
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await redis[Symbol.asyncDispose]()
    await database.drop()
  })

  test('G2: what is written on either is on both, and in the log once', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    for (let round = 0; round < 20; round++) {
      write(ada, `a${round} `)
      write(ben, `b${round} `)
      if (round % 5 === 0) await Promise.all([ada.settled(), ben.settled()])
    }
    await Promise.all([ada.settled(), ben.settled()])
    const text = await sameText(ada, ben)
    expect(text.split(' ').filter(Boolean)).toHaveLength(40)
    expect(await stored(nodes[0], room)).toBe(text)
  })

  test('G2: a room that sleeps on one node has what is written on the other', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    await ada.settled()
    using reader = openProvider(nodes[1].wsUrl, room)
    await reader.settled()
    write(ada, 'awake')
    await ada.settled()
    await waitUntil(() => textOf(reader) === 'awake', { about: 'the reader to be shown it' })
    using late = openProvider(nodes[1].wsUrl, room)
    await late.settled()
    expect(textOf(late)).toBe('awake')
    expect(Y.encodeStateVector(await readDocument(nodes[1].url, room))).toEqual(
      Y.encodeStateVector(late.document)
    )
  })
})

both('two nodes with Redis', () => {
  let database: TestDatabase
  let redis: Redis
  let nodes: [ServerProcess, ServerProcess]
  beforeAll(async () => {
    database = await createDatabase()
    redis = await startRedis()
    nodes = await startNodes(database, { REDIS_URL: redis.url })
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await redis[Symbol.asyncDispose]()
    await database.drop()
  })

  test('G1: what was acknowledged on a node that is killed is on the other', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    write(ben, 'last words')
    await ben.settled()
    ben[Symbol.dispose]()
    await nodes[1].kill()
    await waitUntil(() => textOf(ada) === 'last words', { about: 'what the other node committed' })
    await nodes[1].restart()
    expect(await stored(nodes[1], room)).toBe('last words')
  })

  test('G1: what was acknowledged on two nodes that are killed at once is in the log', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    const acknowledged = new Set<string>()
    for (let round = 0; round < 3; round++) {
      let isAlive = true
      const type = async (writer: StockProvider, name: string): Promise<void> => {
        await writer.settled()
        for (let word = 0; isAlive; word++) {
          write(writer, `${name}${round}.${word} `)
          await writer.settled()
          if (isAlive) acknowledged.add(`${name}${round}.${word}`)
        }
      }
      const before = acknowledged.size
      const typing = [type(ada, 'a'), type(ben, 'b')]
      await waitUntil(() => acknowledged.size >= before + 20, { about: 'both to have written' })
      isAlive = false
      await Promise.all(nodes.map((node) => node.kill()))
      const words = new Set(acknowledged)
      await Promise.all(nodes.map((node) => node.restart()))
      const found = new Set((await stored(nodes[0], room)).split(' '))
      expect([...words].filter((word) => !found.has(word))).toEqual([])
      await Promise.all(typing)
    }
    expect(await sameText(ada, ben)).toBe(await stored(nodes[1], room))
  })

  test('G1: who writes and closes the tab at once, beside others on another node, has lost nothing', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    await ada.settled()
    for (let round = 0; round < 10; round++) {
      using ben = openProvider(nodes[1].wsUrl, room)
      await ben.settled()
      write(ada, `a${round} `)
      write(ben, `b${round} `)
      await ben.settled()
    }
    await ada.settled()
    await waitUntil(() => textOf(ada).includes('b9'), { about: 'the last words of a closed tab' })
    const words = (await stored(nodes[0], room)).split(' ').filter(Boolean)
    expect(words).toHaveLength(20)
    expect(textOf(ada).split(' ').filter(Boolean)).toHaveLength(20)
  })

  test('G2: somebody who comes back to another node brings nothing twice', async () => {
    const room = newRoom()
    const document = new Y.Doc()
    using ben = openProvider(nodes[1].wsUrl, room)
    await ben.settled()
    for (let round = 0; round < 10; round++) {
      using ada = openProvider(nodes[round % 2 === 0 ? 0 : 1].wsUrl, room, document)
      write(ada, `offline${round} `)
      await ada.settled()
      write(ada, `online${round} `)
      write(ben, '.')
      await ada.settled()
    }
    await ben.settled()
    await waitUntil(() => textOf(ben).includes('online9'), { about: 'the last words' })
    expect(await stored(nodes[0], room)).toBe(textOf(ben))
  })

  test('G3: Redis away, wiped and back: nothing is refused, nothing is lost, and all meet again', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    await redis.kill()
    const other = newRoom()
    using cleo = openProvider(nodes[0].wsUrl, other)
    write(cleo, 'a new room without Redis')
    write(ada, 'ada ')
    write(ben, 'ben ')
    await Promise.all([ada.settled(), ben.settled(), cleo.settled()])
    await redis.restart()
    expect((await sameText(ada, ben)).split(' ').sort().join(' ').trim()).toBe('ada ben')
    expect(await stored(nodes[1], other)).toBe('a new room without Redis')
  })

  test('G3: Redis that is there and silent is noticed, and left for a new connection', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    redis.pause()
    write(ada, 'unheard ')
    await ada.settled()
    redis.resume()
    write(ben, 'heard ')
    expect((await sameText(ada, ben)).split(' ').sort().join(' ').trim()).toBe('heard unheard')
  })

  test('G2: a node that stood still for longer than its lease goes on as a new one', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    // Those that were killed before may be missed only now: they leave two.
    const timesAlone = (): number => nodes[0].stderr().split('"nodes":1,"msg":"node gone"').length
    const before = timesAlone()
    nodes[1].pause()
    write(ada, 'meanwhile ')
    await ada.settled()
    await waitUntil(() => timesAlone() > before, { about: 'the node to be missed' })
    nodes[1].resume()
    write(ben, 'back ')
    expect((await sameText(ada, ben)).split(' ').sort().join(' ').trim()).toBe('back meanwhile')
    await waitUntil(() => nodes[1].stderr().includes('goes on as a new one'), { about: 'the node to notice' })
  })
})

both('two nodes whose Redis is late by seconds', () => {
  test('G3: lose nothing, and are equal', async () => {
    await using database = await createDatabase()
    await using redis = await startRedis()
    await using line = await startLateProxy({ port: Number(new URL(redis.url).port) })
    const nodes = await startNodes(database, { REDIS_URL: `redis://127.0.0.1:${line.port}` })
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    for (const lateMs of [2_500, 0, 4_000, 0]) {
      line.lateMs = lateMs
      for (let round = 0; round < 10; round++) {
        write(ada, `a${lateMs}.${round} `)
        write(ben, `b${lateMs}.${round} `)
        await Promise.all([ada.settled(), ben.settled()])
      }
      const text = await sameText(ada, ben)
      expect(await stored(nodes[0], room)).toBe(text)
    }
    expect((await stored(nodes[1], room)).split(' ').filter(Boolean)).toHaveLength(80)
    await Promise.all(nodes.map((node) => node.stop()))
  })
})

both('two nodes without Redis', () => {
  let database: TestDatabase
  let nodes: [ServerProcess, ServerProcess]
  beforeAll(async () => {
    database = await createDatabase()
    nodes = await startNodes(database, { ROOMLOG_HEADS_CHECK_MS: '500' })
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await database.drop()
  })

  test('G3: find out from Postgres what the other wrote', async () => {
    const room = newRoom()
    using ada = openProvider(nodes[0].wsUrl, room)
    using ben = openProvider(nodes[1].wsUrl, room)
    await Promise.all([ada.settled(), ben.settled()])
    for (let round = 0; round < 10; round++) {
      write(ada, `a${round} `)
      write(ben, `b${round} `)
      await Promise.all([ada.settled(), ben.settled()])
    }
    expect((await sameText(ada, ben)).split(' ').filter(Boolean)).toHaveLength(20)
    expect(await stored(nodes[0], room)).toBe(textOf(ada))
  })

  test('G2: notice that they were told different things under one client id, and go by the log', async () => {
    const room = newRoom()
    const [one, other] = [new Y.Doc(), new Y.Doc()]
    other.clientID = one.clientID
    using ada = openProvider(nodes[0].wsUrl, room, one)
    using ben = openProvider(nodes[1].wsUrl, room, other)
    await Promise.all([ada.settled(), ben.settled()])
    write(ada, 'this')
    write(ben, 'that')
    await waitUntil(() => nodes.some((node) => node.stderr().includes('told different things')), {
      about: 'the contradiction to be noticed'
    })
    await waitUntil(
      async () => {
        const [a, b] = await Promise.all(nodes.map((node) => readDocument(node.url, room)))
        return a?.getText('t').toString() === b?.getText('t').toString() && a?.getText('t').length === 4
      },
      { about: 'both nodes to have what the log has' }
    )
  })
})

both('two nodes that are asked for one thing at once', () => {
  let database: TestDatabase
  let redis: Redis
  let nodes: [ServerProcess, ServerProcess]
  beforeAll(async () => {
    database = await createDatabase()
    redis = await startRedis()
    nodes = await startNodes(database, { REDIS_URL: redis.url })
  })
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()))
    await redis[Symbol.asyncDispose]()
    await database.drop()
  })

  const create = (node: ServerProcess, room: string, headers: Readonly<Record<string, string>>) =>
    fetch(`${node.url}/api/rooms`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ name: room })
    })
  const guest = async (node: ServerProcess): Promise<Record<string, string>> => {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(`${node.url}/api/guests`, { method: 'POST', headers, body: '{"name":"Ada"}' })
    const { token }: { token: string } = JSON.parse(await answer.text())
    return { authorization: `Bearer ${token}` }
  }
  const patch = (
    node: ServerProcess,
    room: string,
    value: string,
    headers: Readonly<Record<string, string>>
  ): Promise<Response> =>
    fetch(`${node.url}/api/rooms/${encodeURIComponent(room)}/view?strategy=ask`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json', ...headers },
      body: JSON.stringify([{ op: 'replace', path: '/title', value }])
    })

  test('let one patch pass of two that were made for one moment', async () => {
    const owner = await guest(nodes[0])
    for (let round = 0; round < 10; round++) {
      const room = `form/raced-${round}`
      await create(nodes[0], room, owner)
      await patch(nodes[0], room, 'first', owner)
      const { seq } = await readView(nodes[1].url, room)
      const based = { ...owner, 'if-match': String(seq) }
      const answers = await Promise.all([
        patch(nodes[0], room, 'from one', based),
        patch(nodes[1], room, 'from the other', based)
      ])
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
    }
  })

  test('make a room once, and what its kind makes of it', async () => {
    const owner = await guest(nodes[0])
    for (let round = 0; round < 10; round++) {
      const room = `timeline/raced-${round}`
      const answers = await Promise.all([create(nodes[0], room, owner), create(nodes[1], room, owner)])
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409])
    }
  })

  test('end a room on the other, where one deletes it', async () => {
    const [owner, other] = [await guest(nodes[0]), await guest(nodes[1])]
    const name = newRoom()
    await create(nodes[0], name, owner)
    const token = other.authorization?.slice('Bearer '.length) ?? ''
    using ben = openProvider(nodes[1].wsUrl, name, new Y.Doc(), token)
    await ben.settled()
    const closed = Promise.withResolvers<void>()
    ben.provider.on('authenticationFailed', () => closed.resolve())
    ben.provider.on('close', () => closed.resolve())
    const gone = await fetch(`${nodes[0].url}/api/rooms/${encodeURIComponent(name)}`, {
      method: 'DELETE',
      headers: owner
    })
    expect(gone.status).toBe(204)
    await closed.promise
  })
})
