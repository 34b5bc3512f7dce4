/**
 * kill -9 of the server 0 to 50 ms after an acknowledgement, the writers gone for good.
 *
 * A trial has three writers in two rooms. Two are typists, who wait for nothing: one falls silent when it was
 * acknowledged a random number of times, the other goes on until the end; the third is a stock provider.
 * ROOMLOG_TEST_KILLS says how many trials there are on each database.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { auditLog } from './support/log-audit.ts'
import { engines } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { readDocument, readEntries } from './support/room-over-http.ts'
import { type Random, seededRandom } from './support/seeded-random.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { Typist } from './support/typist.ts'

const trials = { postgres: 6, pglite: 4 }
const killWithinMs = 50
const acknowledgementsMax = 400
/** So many updates a typist has on the way at most. */
const windowMax = 200

for (const engine of engines) {
  const count = Number(process.env.ROOMLOG_TEST_KILLS ?? trials[engine])
  const seed = Number(process.env.ROOMLOG_TEST_SEED ?? Math.floor(Math.random() * 2 ** 32))

  describe.skipIf(engine === 'postgres' && missing('postgres'))(`G1: kill -9 on ${engine}`, () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'roomlog-kill-'))
    let database: TestDatabase | undefined
    let server: ServerProcess
    beforeAll(async () => {
      if (engine === 'postgres') database = await createDatabase()
      server = await startServer(database ? { databaseUrl: database.url } : { dataDir })
    })
    afterAll(async () => {
      await server.stop()
      await database?.drop()
      rmSync(dataDir, { recursive: true, force: true })
    })

    test(
      `loses nothing that was acknowledged in ${count} trials (seed ${seed})`,
      async () => {
        const random = seededRandom(seed)
        const acknowledged = { typists: 0, stock: 0 }
        for (let trial = 1; trial <= count; trial++) {
          const promises = await typeUntilKilled(server, trial, random)
          await server.restart()
          for (const { room, root, text } of promises) {
            // Killed so early that there may be no room.
            if (text === '') continue
            acknowledged[root === 'stock' ? 'stock' : 'typists'] += text.length
            const { document } = auditLog(await readEntries(server.url, room))
            const isThere = document.getText(root).toString().startsWith(text)
            expect(isThere, `trial ${trial}: ${text.length} characters of ${root} are in the log`).toBe(true)
            const served = await readDocument(server.url, room)
            expect(Y.decodeStateVector(Y.encodeStateVector(served))).toEqual(
              Y.decodeStateVector(Y.encodeStateVector(document))
            )
            expect(served.getText(root).toString()).toBe(document.getText(root).toString())
          }
        }
        const { typists, stock } = acknowledged
        console.log(
          `kill -9 on ${engine}: ${count} trials, ${typists} updates of typists and ${stock} of stock providers acknowledged, 0 lost`
        )
      },
      60_000 + count * 20_000
    )
  })
}

/** What the server has promised to have. */
interface Promised {
  readonly room: string
  readonly root: string
  readonly text: string
}

const typeUntilKilled = async (server: ServerProcess, trial: number, random: Random): Promise<Promised[]> => {
  const rooms = [`document/shared-${trial}`, `document/alone-${trial}`] as const
  const [quiet, eager] = await Promise.all([
    Typist.open(server.wsUrl, rooms[0]),
    Typist.open(server.wsUrl, rooms[1])
  ])
  using stock = openProvider(server.wsUrl, rooms[0])
  await stock.settled()
  const saved = typeWhenSaved(stock)
  keepTyping(eager)
  await typeUntilAcknowledged(quiet, 1 + random.below(acknowledgementsMax))
  await sleep(random.below(killWithinMs + 1))
  await server.kill()
  await Promise.all([quiet.closed, eager.closed])
  return [
    { room: rooms[0], root: quiet.root, text: quiet.text.slice(0, quiet.acknowledged) },
    { room: rooms[1], root: eager.root, text: eager.text.slice(0, eager.acknowledged) },
    { room: rooms[0], root: 'stock', text: saved() }
  ]
}

const letterOf = (index: number): string => String.fromCharCode(97 + (index % 26))

/** Resolves at the acknowledgement with that number; all that was typed by then is on its way. */
const typeUntilAcknowledged = (typist: Typist, wanted: number): Promise<void> =>
  new Promise((resolve) => {
    const total = wanted + (wanted % 7)
    const typeMore = (): void => {
      while (typist.text.length < total && typist.text.length - typist.acknowledged < windowMax)
        typist.type(letterOf(typist.text.length))
    }
    typist.onAcknowledge = () => {
      typeMore()
      if (typist.acknowledged === wanted) resolve()
    }
    typeMore()
  })

/** Types as fast as it is acknowledged. */
const keepTyping = (typist: Typist): void => {
  const typeMore = (): void => {
    while (typist.text.length - typist.acknowledged < windowMax) typist.type(letterOf(typist.text.length))
  }
  typist.onAcknowledge = typeMore
  typeMore()
}

/** Types a letter whenever the provider says that nothing is unsynced; the result is what the document held last when it did. */
const typeWhenSaved = ({ provider, document }: StockProvider): (() => string) => {
  const text = document.getText('stock')
  let saved = ''
  provider.on('unsyncedChanges', ({ number }: { number: number }) => {
    if (number > 0) return
    saved = text.toString()
    setImmediate(() => text.insert(text.length, letterOf(text.length)))
  })
  text.insert(0, letterOf(0))
  return () => saved
}
