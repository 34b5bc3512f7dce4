import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../server/database/database.ts'
import { auditLog } from './support/log-audit.ts'
import { append, newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { Fault } from './support/postgres-proxy.ts'
import { type ProxiedServer, startProxiedServer } from './support/proxied-server.ts'
import { Typist } from './support/typist.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('G1: a server with a bad way to Postgres', () => {
  let world: ProxiedServer
  beforeAll(async () => {
    world = await startProxiedServer({ ROOMLOG_COMMIT_TIMEOUT_MS: '500' })
  })
  afterEach(() => {
    world.proxy.heal()
    // Of silent connections nobody but a time-out would find the rest.
    world.proxy.cut()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test.each<[string, Fault]>([
    ['is cut before Postgres sees a batch', { lose: 'request' }],
    ['is cut while Postgres writes a batch', { lose: 'client' }],
    ['is cut between COMMIT and its answer', { lose: 'answer' }],
    ['swallows a batch and stays open', { lose: 'request', silently: true }],
    ['swallows the answer of a COMMIT and stays open', { lose: 'answer', silently: true }],
    ['brings a deadlock', { refuseWith: '40P01' }],
    ['brings a shutdown', { refuseWith: '57P01' }]
  ])('that %s has each update once, and acknowledges what is committed', async (_what, fault) => {
    const { typist, room, lies } = await openTypist(world)
    for (const text of ['first', 'second', 'third']) {
      const failed = world.proxy.fail(append, fault, 2)
      await typeAndWait(typist, text)
      await failed
      await typeAndWait(typist, '.')
    }
    await expectOnce(world, typist, room)
    expect(await lies()).toEqual([])
  })

  test('that loses an answer while the batch waits for a lock in Postgres has each update once', async () => {
    const { typist, room } = await openTypist(world)
    await typeAndWait(typist, 'a')
    const failed = world.proxy.fail(append, { lose: 'client' })
    await world.database.transaction(async (t) => {
      await t.query(takeSeq, [room])
      typist.type('b')
      await failed
      // The attempt that nobody listens to waits for our entry, and so does the one after it.
      await waitUntil(async () => (await waitingForLocks(world.database)) >= 2, {
        about: 'two attempts to wait'
      })
      await t.query('delete from entry where author = $1', ['nobody'])
    })
    await waitUntil(() => typist.isAllAcknowledged, { about: 'b to be acknowledged' })
    await expectOnce(world, typist, room)
  })

  test.each([
    ['the disk is full', '53100'],
    ['Postgres starts', '57P03']
  ])('acknowledges nothing and is not ready while %s, and goes on by itself', async (_what, code) => {
    const { typist, room, lies } = await openTypist(world)
    await typeAndWait(typist, 'before')
    void world.proxy.fail(append, { refuseWith: code }, Number.POSITIVE_INFINITY)
    typist.type('meanwhile')
    await world.readiness(503)
    expect(typist.acknowledged).toBe('before'.length)
    world.proxy.heal()
    await world.readiness(200)
    await waitUntil(() => typist.isAllAcknowledged, { about: 'the rest to be acknowledged' })
    await expectOnce(world, typist, room)
    expect(await lies()).toEqual([])
  })

  test('gives up connections that are half-open', async () => {
    const { typist, room, lies } = await openTypist(world)
    await typeAndWait(typist, 'before')
    await waitUntil(async () => (await connectionsThatRan(world.database, 'select 1')) > 0, {
      about: 'the server to have asked whether Postgres is there'
    })
    world.proxy.silence()
    // Nobody answers on the connection that asked, until that one is given up too: perhaps before the writer's is.
    await Promise.all([world.readiness(503), typeAndWait(typist, 'after')])
    await world.readiness(200)
    await expectOnce(world, typist, room)
    expect(await lies()).toEqual([])
  })

  test('comes through a storm of all of these, with many writers', async () => {
    const faults: Fault[] = [
      { lose: 'request' },
      { lose: 'answer' },
      { lose: 'client' },
      { refuseWith: '40P01' },
      { lose: 'answer', silently: true },
      { refuseWith: '57P01' },
      { refuseWith: '53100' }
    ]
    const writers = await Promise.all(Array.from({ length: 12 }, () => openTypist(world)))
    for (const fault of faults) {
      void world.proxy.fail(append, fault, 1)
      for (const { typist } of writers) typist.type('some more ')
    }
    await waitUntil(() => writers.every(({ typist }) => typist.isAllAcknowledged), {
      about: 'everything to be acknowledged',
      timeoutMs: 20_000
    })
    for (const { typist, room, lies } of writers) {
      await expectOnce(world, typist, room)
      expect(await lies()).toEqual([])
    }
  })
})

describe.skipIf(missing('postgres'))('a server that is slow by 500 ms on its way to Postgres', () => {
  test('acknowledges what is committed', async () => {
    await using world = await startProxiedServer()
    const { typist, room, lies } = await openTypist(world)
    await typeAndWait(typist, 'quick')
    world.proxy.delayMs = 500
    await typeAndWait(typist, 'slow')
    expect(await lies()).toEqual([])
    await expectOnce(world, typist, room)
  })
})

/** Stands where the next entry of the room is to go, until it is deleted. */
const takeSeq = `
insert into entry (room_id, seq, author, at, update)
select id, 2, 'nobody', now(), '' from room where name = $1`

interface Watched {
  readonly typist: Typist
  readonly room: string
  /** What was acknowledged and not committed. */
  readonly lies: () => Promise<string[]>
}

const openTypist = async (world: ProxiedServer): Promise<Watched> => {
  const room = newRoom()
  const typist = await Typist.open(world.server.wsUrl, room)
  return { typist, room, lies: watchForLies(world, typist, room) }
}

const typeAndWait = async (typist: Typist, text: string): Promise<void> => {
  typist.type(text)
  await waitUntil(() => typist.isAllAcknowledged, { about: `${text} to be acknowledged` })
}

/** All that was typed is in the log, and nothing of it twice. */
const expectOnce = async (world: ProxiedServer, typist: Typist, room: string): Promise<void> => {
  const { document } = auditLog(await world.rows(room))
  expect(document.getText(typist.root).toString()).toBe(typist.text)
  expect(typist.refusals).toEqual([])
}

const waitingForLocks = async (database: Database): Promise<number> => {
  const waiting = await database.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  )
  return waiting.length
}

const connectionsThatRan = async (database: Database, statement: string): Promise<number> => {
  const found = await database.query(
    'select from pg_stat_activity where datname = current_database() and query = $1',
    [statement]
  )
  return found.length
}

/** Reads the log, one look after the other, when something is acknowledged: what it has not by then is a lie. */
const watchForLies = (world: ProxiedServer, typist: Typist, room: string): (() => Promise<string[]>) => {
  const lies: string[] = []
  let looking: Promise<void> | null = null
  const look = async (acknowledged: number): Promise<void> => {
    const clock = auditLog(await world.rows(room)).clockOf(typist.client)
    if (clock < acknowledged) lies.push(`${acknowledged} were acknowledged, ${clock} committed`)
  }
  typist.onAcknowledge = () => {
    looking ??= look(typist.acknowledged).finally(() => {
      looking = null
    })
  }
  return async () => {
    await looking
    return lies
  }
}
