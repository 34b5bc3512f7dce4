/** One log over two Postgres servers, by foreign partitions: what docs/scaling-postgres.md says of it. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type Database, DatabaseError } from '../server/database/database.ts'
import { openDatabase } from '../server/database/open-database.ts'
import { GroupCommit } from '../server/log/group-commit.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { createMetrics } from '../server/metrics.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { callServer, roomPath } from './support/http.ts'
import {
  append,
  entry,
  type Followed,
  follow,
  newRoom,
  readRows,
  silent,
  stored,
  told,
  withLanes
} from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { startServer } from './support/server.ts'
import { spread } from './support/shards.ts'
import { openProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('a log that is spread over two servers', () => {
  let servers: readonly Postgres[] = []
  let place: TestDatabase
  let shards: Awaited<ReturnType<typeof spread>>
  /** The database that a node is given, and the two behind it. */
  let coordinator: Database
  let parts: readonly Database[] = []
  const open = (url: string) => openDatabase({ url, dataDir: null, logger: silent, poolMax: 2 })

  beforeAll(async () => {
    servers = await Promise.all([startPostgres(), startPostgres()])
    place = await createDatabase(inject('postgres').url)
    shards = await spread(
      place.url,
      servers.map(({ url }) => url)
    )
    coordinator = await open(place.url)
    parts = await Promise.all(shards.urls.map(open))
  })
  afterAll(async () => {
    for (const database of [coordinator, ...parts]) await database?.close()
    await place?.drop()
    for (const server of servers) await server.remove()
  })

  const startNode = (database = coordinator): Promise<GroupCommit> =>
    GroupCommit.open({
      database,
      logger: silent,
      metrics: createMetrics(),
      backlogBytesMax: 1024 ** 2,
      commitTimeoutMs: 10_000
    })
  const write = async (node: GroupCommit, rooms: readonly Followed[], text: string): Promise<void> => {
    for (const { log } of rooms) node.append(log, 'ada', entry(text), null)
    expect(await node.flush(30_000)).toBe(true)
  }
  const countOn = async (part: Database | undefined, { log }: Followed): Promise<number> => {
    const [row] =
      (await part?.query('select count(*) as count from entry where room_id = $1', [log.id])) ?? []
    return Number(row?.count)
  }
  /** Two rooms that are there already, one on each server. */
  const oneOnEach = async (node: GroupCommit): Promise<readonly [Followed, Followed]> => {
    const rooms = Array.from({ length: 16 }, () => follow(newRoom()))
    await write(node, rooms, 'first')
    const counts = await Promise.all(rooms.map((room) => countOn(parts[0], room)))
    const [here, there] = [rooms[counts.indexOf(1)], rooms[counts.indexOf(0)]]
    if (here === undefined || there === undefined) throw new Error('all 16 rooms are on one server')
    return [here, there]
  }
  const expectOnce = async (rooms: readonly Followed[], texts: readonly string[]): Promise<void> => {
    for (const room of rooms) {
      const rows = stored(await readRows(coordinator, room.log.name))
      expect(rows).toEqual(texts.map((text, index) => [index + 1, text]))
      expect(told(room)).toEqual(rows)
    }
  }

  test('has each room on one of them, whole, and nothing of it on the coordinator', async () => {
    const node = await startNode()
    const rooms = Array.from({ length: 16 }, () => follow(newRoom()))
    for (const text of ['one', 'two', 'three']) await write(node, rooms, text)
    const perPart = await Promise.all(
      parts.map((part) => Promise.all(rooms.map((room) => countOn(part, room))))
    )
    for (const [index] of rooms.entries())
      expect(perPart.map((counts) => counts[index]).toSorted()).toEqual([0, 3])
    for (const counts of perPart) expect(counts).toContain(3)
    for (const [index, room] of rooms.entries()) {
      const part = parts[perPart.findIndex((counts) => counts[index] === 3)]
      expect(await part?.query('select name from room where id = $1', [room.log.id])).toEqual([
        { name: room.log.name }
      ])
    }
    const own = await coordinator.query('select count(*) as count from only entry')
    expect(own).toEqual([{ count: 0n }])
    await node.close()
  })

  test('knows a collision, whichever server reports it', async () => {
    const [node, other] = [await startNode(), await startNode()]
    const rooms = await oneOnEach(node)
    const others = rooms.map(({ log }) => follow(log.name))
    await write(node, rooms, 'second')
    // This one knows of nothing, and so tries to write first entries.
    await write(other, others, 'third')
    for (const [index, room] of rooms.entries()) {
      const rows = stored(await readRows(coordinator, room.log.name))
      expect(rows.map(([, text]) => text)).toEqual(['first', 'second', 'third'])
      expect(told(others[index] ?? room)).toEqual([[3, 'third']])
    }
    await node.close()
    await other.close()
  })

  describe('and of which one server commits a batch, the other not (G1)', () => {
    let node: GroupCommit
    let errors: DatabaseError[]
    beforeEach(async () => {
      errors = []
      node = await startNode(
        withLanes(coordinator, async (text, query) => {
          try {
            return await query()
          } catch (error) {
            if (error instanceof DatabaseError && append.test(text)) errors.push(error)
            throw error
          }
        })
      )
      return async () => {
        await node.close()
        await parts[1]?.exec('drop trigger if exists on_commit on entry')
      }
    })
    /** On the second server: what happens when entries are committed. A foreign session looks into no schema by itself. */
    const onCommit = async (statement: string): Promise<void> => {
      await parts[1]?.exec(`
        create or replace function on_commit() returns trigger language plpgsql as $$
        begin ${statement}; return null; end $$;
        drop trigger if exists on_commit on entry;
        create constraint trigger on_commit after insert on entry deferrable initially deferred
        for each row execute function on_commit()`)
    }

    test('because it is killed meanwhile: all is written once, and told once', async () => {
      const rooms = await oneOnEach(node)
      // After a crash an unlogged table is empty, and nobody waits any more.
      await parts[1]?.exec(
        'create unlogged table if not exists hold (yes boolean); insert into hold values (true)'
      )
      await onCommit('if exists (select from public.hold) then perform pg_sleep(60); end if')
      for (const { log } of rooms) node.append(log, 'ada', entry('second'), null)
      node.kick()
      await waitUntil(async () => (await countOn(parts[0], rooms[0])) === 2, {
        about: 'the first server to have committed'
      })
      expect(rooms.map(({ commits }) => commits.length)).toEqual([1, 1])
      await servers[1]?.kill()
      await servers[1]?.restart()
      expect(await node.flush(30_000)).toBe(true)
      expect(errors[0]?.kind).toBe('unavailable')
      await expectOnce(rooms, ['first', 'second'])
    }, 60_000)

    test('because it has no more space: all is written once, and told once', async () => {
      const rooms = await oneOnEach(node)
      await parts[1]?.exec('drop sequence if exists attempts; create sequence attempts')
      await onCommit(
        `if nextval('public.attempts') = 1 then raise exception 'no space left' using errcode = 'disk_full'; end if`
      )
      await write(node, rooms, 'second')
      expect(errors[0]).toMatchObject({ kind: 'full', code: '53100' })
      await expectOnce(rooms, ['first', 'second'])
    })
  })

  test('serves people who know nothing of it, and has what they wrote after a kill', async () => {
    await using server = await startServer({ databaseUrl: place.url })
    const names = Array.from({ length: 6 }, newRoom)
    const providers = names.map((name) => openProvider(server.wsUrl, name))
    for (const { document } of providers) document.getText('text').insert(0, 'written')
    await Promise.all(providers.map((each) => each.settled()))
    await server.kill()
    await server.restart()
    for (const name of names) {
      const view = await callServer(server.url, roomPath(name, '/view'))
      expect(await view.json()).toMatchObject({ data: { text: 'written' } })
    }
    const listed = await (await callServer(server.url, '/api/rooms?kind=document&limit=1000')).json()
    expect(listed.rooms.map(({ name }: { name: string }) => name)).toEqual(expect.arrayContaining(names))
    const perPart = await Promise.all(
      parts.map((part) =>
        part.query('select id from room where name = any($1::text::text[])', [`{${names.join()}}`])
      )
    )
    expect(
      perPart
        .flat()
        .map(({ id }) => id)
        .toSorted()
    ).toEqual(names.map(roomIdOf).toSorted())
    for (const each of providers) each[Symbol.dispose]()
  })
})
