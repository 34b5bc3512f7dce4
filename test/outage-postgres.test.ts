/**
 * Postgres itself goes away for a while, and stock providers and floods go on meanwhile.
 *
 * ROOMLOG_TEST_OUTAGE_SECONDS says how long it is away; the tests run side by side, for they mostly wait.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, test } from 'vitest'

import { auditLog } from './support/log-audit.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { type ProxiedServer, startProxiedServer } from './support/proxied-server.ts'
import { RawClient } from './support/raw-client.ts'
import { syncMessage } from './support/raw-messages.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'

const outageMs = Number(process.env.ROOMLOG_TEST_OUTAGE_SECONDS ?? 3) * 1_000

describe.skipIf(missing('postgres'))('while Postgres is away', { concurrent: true, timeout: 120_000 }, () => {
  test.for<[string, (postgres: Postgres) => Promise<void>, (postgres: Postgres) => Promise<void>]>([
    ['frozen', async (postgres) => postgres.pause(), async (postgres) => postgres.resume()],
    ['stopped', (postgres) => postgres.stop(), (postgres) => postgres.restart()],
    ['killed', (postgres) => postgres.kill(), (postgres) => postgres.restart()]
  ])(
    '(%s) nothing is called saved or shown, and all recover by themselves',
    async ([, goAway, comeBack], { expect }) => {
      await using postgres = await startPostgres()
      await using world = await startProxiedServer({}, postgres.url)
      const room = newRoom()
      using ada = openProvider(world.server.wsUrl, room)
      using bob = openProvider(world.server.wsUrl, room)
      ada.document.getText('text').insert(0, 'before')
      await Promise.all([ada.settled(), bob.settled()])
      await waitUntil(() => textOf(bob) === 'before', { about: 'bob to see it' })

      await goAway(postgres)
      const lies = watchLies(ada, bob)
      ada.document.getText('text').insert(6, ', during')
      await world.readiness(503)
      using cleo = openProvider(world.server.wsUrl, newRoom())
      await sleep(outageMs)
      expect(lies()).toEqual([])
      expect([ada.provider.hasUnsyncedChanges, textOf(bob), cleo.provider.isSynced]).toEqual([
        true,
        'before',
        false
      ])

      await comeBack(postgres)
      await Promise.all([ada.settled(), cleo.settled()])
      await waitUntil(() => textOf(bob) === 'before, during', { about: 'bob to see the rest' })
      await world.readiness(200)
      expect(
        auditLog(await world.rows(room))
          .document.getText('text')
          .toString()
      ).toBe('before, during')
    }
  )

  describe('and people write more than may wait', () => {
    const backlogBytesMax = 256 * 1024
    const floods = 8
    const floodUpdates = 600
    const updateBytes = 48 * 1024
    let world: ProxiedServer
    beforeAll(async () => {
      world = await startProxiedServer({
        ROOMLOG_BACKLOG_BYTES_MAX: String(backlogBytesMax),
        ROOMLOG_FRAME_BYTES_MAX: '64KiB'
      })
      return () => world[Symbol.asyncDispose]()
    })

    const openFloods = () => Promise.all(Array.from({ length: floods }, () => openFlood(world, updateBytes)))

    test('sessions are paused, then sent away to come back, and what was taken is kept', async ({
      expect
    }) => {
      const room = newRoom()
      using stock = openProvider(world.server.wsUrl, room)
      await stock.settled()
      const clients = await openFloods()
      const before = await world.stats()
      world.proxy.refuse()
      stock.document.getText('text').insert(0, 'during')
      for (const { flood } of clients) flood(floodUpdates)
      await waitUntil(async () => (await world.stats()).waitingBytes >= backlogBytesMax, {
        about: 'the bound',
        timeoutMs: 30_000
      })

      // Beyond the bound comes what a socket reads in one turn of the event loop: at most 32 chunks of 64 KiB.
      const mostBytes = backlogBytesMax + floods * 32 * 64 * 1024
      const endings = Promise.all(
        clients.map(({ client }) => waitUntil(() => client.ending, { about: 'an ending', timeoutMs: 60_000 }))
      )
      let sampled = { waitingBytes: 0, rssBytes: 0 }
      const stopSampling = sample(world, (stats) => {
        sampled = {
          waitingBytes: Math.max(sampled.waitingBytes, stats.waitingBytes),
          rssBytes: Math.max(sampled.rssBytes, stats.memory.rssBytes)
        }
      })
      expect((await endings).map(({ code, reason }) => `${code} ${reason}`)).toEqual(
        clients.map(() => '1013 unavailable')
      )
      await stopSampling()
      expect(sampled.waitingBytes).toBeLessThan(mostBytes)
      const offered = floods * floodUpdates * updateBytes
      expect(sampled.rssBytes - before.memory.rssBytes).toBeLessThan(0.75 * offered)

      world.proxy.admit()
      await stock.settled(60_000)
      await world.readiness(200)
      expect(
        auditLog(await world.rows(room))
          .document.getText('text')
          .toString()
      ).toBe('during')
      for (const flooded of clients) {
        const committed = auditLog(await world.rows(flooded.room)).clockOf(flooded.clientId)
        expect(committed).toBeGreaterThan(0)
        // The first acknowledgement is that of the greeting.
        expect(flooded.client.acknowledged()).toBeLessThanOrEqual(1 + committed)
      }
    })
  })
})

const textOf = ({ document }: StockProvider): string => document.getText('text').toString()

/** What was said to be saved, or shown, although nothing can be. */
const watchLies = (writer: StockProvider, reader: StockProvider): (() => string[]) => {
  const lies: string[] = []
  writer.provider.on('unsyncedChanges', ({ number }: { number: number }) => {
    if (number === 0) lies.push('all is saved')
  })
  reader.document.on('update', () => lies.push(`shown: ${textOf(reader)}`))
  return () => [...lies]
}

/** A client that has much to say, in a room of its own. */
const openFlood = async (world: ProxiedServer, updateBytes: number) => {
  const room = newRoom()
  const client = await RawClient.open(world.server.wsUrl)
  const document = await client.enter(room)
  document.on('update', (update: Uint8Array) => client.send(syncMessage(room, 2, update)))
  const flood = (updates: number): void => {
    for (let left = updates; left > 0; left--)
      document.getMap('flood').set('key', new Uint8Array(updateBytes))
  }
  return { room, client, clientId: document.clientID, flood }
}

const sample = (
  world: ProxiedServer,
  take: (stats: Awaited<ReturnType<ProxiedServer['stats']>>) => void
): (() => Promise<void>) => {
  let isOver = false
  const run = async (): Promise<void> => {
    while (!isOver) {
      take(await world.stats())
      await sleep(50)
    }
  }
  const sampled = run()
  return async () => {
    isOver = true
    await sampled
  }
}
