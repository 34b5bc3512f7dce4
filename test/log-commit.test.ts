import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RoomName } from '../schema/room-name.ts'
import { DatabaseError } from '../server/database/database.ts'
import { isCollision } from '../server/log/append.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import {
  append,
  engines,
  entry,
  follow,
  type LogWorld,
  losingAnswers,
  newRoom,
  openLogWorld,
  seqsTo,
  stored,
  told,
  withLanes
} from './support/log-world.ts'
import { missing } from './support/missing.ts'

for (const engine of engines) {
  describe.skipIf(engine === 'postgres' && missing('postgres'))(`the log on ${engine}`, () => {
    let world: LogWorld
    beforeAll(async () => {
      world = await openLogWorld(engine)
    })
    afterAll(() => world[Symbol.asyncDispose]())

    const remove = (room: RoomName) =>
      world.database.query('update room set deleted_at = now() where id = $1', [roomIdOf(room)])

    /** As another node would, in one statement. */
    const appendRows = (room: RoomName, rows: number) =>
      world.database.query(
        `insert into entry (room_id, seq, author, at, update)
         select $1::uuid, base + more, 'bob', now(), 'theirs'
         from (select max(seq) as base from entry where room_id = $1::uuid), generate_series(1, $2::int8) more`,
        [roomIdOf(room), rows]
      )

    test('numbers the entries of each of many rooms from 1 without a gap, in the order of the appends', async () => {
      const node = await world.node()
      const rooms = Array.from({ length: 40 }, () => follow(newRoom()))
      for (let round = 0; round < 25; round++) {
        for (const [index, { log }] of rooms.entries()) {
          for (let more = (round * index) % 4; more >= 0; more--)
            node.append(log, `author-${round % 3}`, entry(`${round}-${more}`), null)
        }
        node.kick()
        if (round % 5 === 0) await node.flush(10_000)
      }
      expect(await node.flush(10_000)).toBe(true)
      for (const [index, room] of rooms.entries()) {
        const expected = Array.from({ length: 25 }, (_, round) =>
          Array.from({ length: ((round * index) % 4) + 1 }, (_, more) => `${round}-${more}`).reverse()
        ).flat()
        const rows = stored(await world.rows(room.log.name))
        expect(rows).toEqual(expected.map((text, at) => [at + 1, text]))
        expect(told(room)).toEqual(rows)
        expect(room.log.head).toBe(expected.length)
      }
    })

    test.each([3, 60])('takes what two nodes write to %i rooms in opposite order', async (count) => {
      const names = Array.from({ length: count }, newRoom)
      const conflicts: DatabaseError[] = []
      const database = withLanes(world.database, (_, query) =>
        query().catch((error: unknown) => {
          if (error instanceof DatabaseError && !isCollision(error)) conflicts.push(error)
          throw error
        })
      )
      const nodes = await Promise.all(
        [names, [...names].reverse()].map(async (order, which) => ({
          which,
          commits: await world.node({ database }),
          rooms: order.map(follow)
        }))
      )
      const rounds = 30
      await Promise.all(
        nodes.map(async ({ which, commits, rooms }) => {
          for (let round = 0; round < rounds; round++) {
            for (const { log } of rooms) commits.append(log, 'ada', entry(`${which}-${round}`), null)
            commits.kick()
            await commits.flush(20_000)
          }
        })
      )
      for (const name of names) {
        const rows = stored(await world.rows(name))
        expect(rows.map(([seq]) => seq)).toEqual(seqsTo(2 * rounds))
        for (const { which, rooms } of nodes) {
          const own = rows.filter(([, text]) => text.startsWith(`${which}-`))
          expect(own.map(([, text]) => text)).toEqual(seqsTo(rounds).map((round) => `${which}-${round - 1}`))
          expect(told(rooms.find(({ log }) => log.name === name) ?? follow(name))).toEqual(own)
        }
      }
      // Where the log is spread, its rows are written in repeatable read: of two that meet, one is told to try again.
      expect(conflicts.filter(({ code }) => code !== '40001')).toEqual([])
    })

    test('takes the first entries of a room that two nodes write at the same moment', async () => {
      const nodes = await Promise.all([world.node(), world.node()])
      for (let round = 0; round < (engine === 'postgres' ? 200 : 10); round++) {
        const name = newRoom()
        const rooms = nodes.map(() => follow(name))
        await Promise.all(
          nodes.map(async (node, which) => {
            const { log } = rooms[which] ?? follow(name)
            node.append(log, 'ada', entry(`${which}`), null)
            node.kick()
            await node.flush(10_000)
          })
        )
        expect(rooms.flatMap(({ failures }) => failures)).toEqual([])
        expect(rooms.flatMap(told).toSorted()).toEqual(stored(await world.rows(name)))
      }
    })

    test('tells of a commit only when the entries are in Postgres', async () => {
      const node = await world.node()
      const { log } = follow(newRoom())
      const seen: Promise<number>[] = []
      for (let count = 1; count <= 20; count++) {
        node.append(log, 'ada', entry(`${count}`), null)
        node.whenCommitted(log, () => seen.push(world.rows(log.name).then((rows) => rows.length - count)))
        node.kick()
        if (count % 7 === 0) await node.flush(10_000)
      }
      await node.flush(10_000)
      expect(seen.length).toBe(20)
      expect((await Promise.all(seen)).filter((missing) => missing < 0)).toEqual([])
    })

    test('tells at once of a commit when nothing waits', async () => {
      const node = await world.node()
      const { log } = follow(newRoom())
      let isTold = false
      node.whenCommitted(log, () => {
        isTold = true
      })
      expect(isTold).toBe(true)
    })

    test('makes whoever writes the first entry of a room its owner, and nobody after that', async () => {
      const node = await world.node()
      const { log } = follow(newRoom())
      for (const author of ['ada', 'bob']) {
        node.append(log, author, entry(author), null)
        node.append(log, 'cleo', entry('cleo'), null)
        node.kick()
        await node.flush(10_000)
      }
      const members = await world.database.query('select user_id, role from member where room_id = $1', [
        log.id
      ])
      expect(members).toEqual([{ user_id: 'ada', role: 'owner' }])
    })

    test('gives a room no time before the last, whatever the clock says', async () => {
      const node = await world.node()
      const { log } = follow(newRoom())
      const write = async (count: number): Promise<void> => {
        for (let more = 0; more < count; more++) node.append(log, 'ada', entry('x'), null)
        node.kick()
        await node.flush(10_000)
      }
      await write(1)
      await world.database.query(`update entry set at = now() + interval '1 hour' where room_id = $1`, [
        log.id
      ])
      const anHourOn = Date.now() + 3_500_000
      await write(1)
      await write(3)
      const times = (await world.rows(log.name)).map(({ at }) => at)
      expect(times.filter((at) => at < anHourOn)).toEqual([])
      expect(times).toEqual(times.toSorted((a, b) => a - b))
    })

    describe('after an answer was lost', () => {
      /** A node that does not hear the answer to its second batch; `meanwhile` happens before it notices. */
      const losingNode = async (meanwhile: () => Promise<unknown> = async () => {}) => {
        let answers = 0
        const database = losingAnswers(world.database, async (text) => {
          if (!append.test(text) || ++answers !== 2) return false
          await meanwhile()
          return true
        })
        return world.node({ database })
      }

      test.each([1, 5])('has each of %i entries once, and says where', async (count) => {
        const node = await losingNode()
        const room = follow(newRoom())
        for (const batch of ['first', 'second', 'third']) {
          for (let more = 1; more <= count; more++)
            node.append(room.log, 'ada', entry(`${batch} ${more}`), null)
          node.kick()
          await node.flush(10_000)
        }
        const rows = stored(await world.rows(room.log.name))
        expect(rows).toEqual(
          ['first', 'second', 'third'].flatMap((batch, at) =>
            seqsTo(count).map((more) => [at * count + more, `${batch} ${more}`])
          )
        )
        expect(told(room)).toEqual(rows)
        expect(room.failures).toEqual([])
      })

      test('knows its entries from those that another node wrote before and after them', async () => {
        const name = newRoom()
        const other = await world.node()
        const theirs = follow(name)
        const write = async (text: string): Promise<void> => {
          for (let more = 1; more <= 3; more++)
            other.append(theirs.log, 'bob', entry(`${text} ${more}`), null)
          other.kick()
          await other.flush(10_000)
        }
        const node = await losingNode(() => write('after'))
        const room = follow(name)
        for (const text of ['first', 'second']) {
          node.append(room.log, 'ada', entry(text), null)
          node.kick()
          await node.flush(10_000)
          if (text === 'first') await write('before')
        }
        const rows = stored(await world.rows(name))
        expect(rows.map(([, text]) => text)).toEqual([
          'first',
          ...['before 1', 'before 2', 'before 3'],
          'second',
          ...['after 1', 'after 2', 'after 3']
        ])
        expect(told(room)).toEqual(rows.filter(([, text]) => !/before|after/.test(text)))
      })

      test('finds them although another node has written very much since it last heard of the room', async () => {
        const node = await losingNode()
        const room = follow(newRoom())
        for (const text of ['first', 'second']) {
          node.append(room.log, 'ada', entry(text), null)
          node.kick()
          await node.flush(10_000)
          if (text === 'first') await appendRows(room.log.name, 10_500)
        }
        expect(told(room)).toEqual([
          [1, 'first'],
          [10_502, 'second']
        ])
        expect(room.failures).toEqual([])
      })

      test('knows which rooms of the batch were deleted', async () => {
        const node = await losingNode()
        const [kept, gone] = [follow(newRoom()), follow(newRoom())]
        for (const text of ['first', 'second']) {
          for (const { log } of [kept, gone]) node.append(log, 'ada', entry(text), null)
          node.kick()
          await node.flush(10_000)
          if (text === 'first') await remove(gone.log.name)
        }
        expect(told(kept)).toEqual([
          [1, 'first'],
          [2, 'second']
        ])
        expect(told(gone)).toEqual([[1, 'first']])
        expect(gone.failures.map(({ reason }) => reason)).toEqual(['room-deleted'])
      })
    })

    describe('when a room cannot take its entries', () => {
      test('a deleted room refuses, and the others of the batch go on', async () => {
        const node = await world.node()
        const [gone, ...others] = [follow(newRoom()), follow(newRoom()), follow(newRoom())]
        const refused: (string | undefined)[] = []
        for (const text of ['first', 'second']) {
          for (const { log } of [gone, ...others]) node.append(log, 'ada', entry(text), null)
          if (text === 'second') node.whenCommitted(gone.log, (error) => refused.push(error?.reason))
          node.kick()
          await node.flush(10_000)
          await remove(gone.log.name)
        }
        expect(stored(await world.rows(gone.log.name))).toEqual([[1, 'first']])
        expect(gone.failures.map(({ reason }) => reason)).toEqual(['room-deleted'])
        expect(refused).toEqual(['room-deleted'])
        for (const other of others) {
          expect(told(other).map(([, text]) => text)).toEqual(['first', 'second'])
          expect(other.failures).toEqual([])
        }
      })

      test('one that Postgres refuses to store does not keep the others from being written', async () => {
        const node = await world.node()
        const [bad, ...others] = [follow(newRoom()), follow(newRoom()), follow(newRoom())]
        for (const { log } of [...others, bad]) node.append(log, 'ada', entry('first'), null)
        node.append(bad.log, 'nul \0 in it', entry('refused'), null)
        node.kick()
        expect(await node.flush(10_000)).toBe(true)
        expect(bad.failures.map(({ reason }) => reason)).toEqual(['internal'])
        expect(await world.rows(bad.log.name)).toEqual([])
        for (const other of others) expect(stored(await world.rows(other.log.name))).toEqual([[1, 'first']])
        expect([node.waitingEntries, node.waitingBytes, node.isAble]).toEqual([0, 0, true])
      })

      test('what it appended afterwards is not written either: its log would have a hole', async () => {
        const node = await world.node()
        const [bad, other] = [follow(newRoom()), follow(newRoom())]
        node.append(bad.log, 'nul \0 in it', entry('refused'), null)
        node.kick()
        // The first batch is on its way: these wait for the next.
        for (const { log } of [bad, other]) node.append(log, 'ada', entry('builds on it'), null)
        const refused: (string | undefined)[] = []
        node.whenCommitted(bad.log, (error) => refused.push(error?.reason))
        expect(await node.flush(10_000)).toBe(true)
        expect(await world.rows(bad.log.name)).toEqual([])
        expect(refused).toEqual(['internal'])
        expect(bad.log.waiting).toBe(0)
        expect(stored(await world.rows(other.log.name))).toEqual([[1, 'builds on it']])
        expect([node.waitingEntries, node.waitingBytes]).toEqual([0, 0])
      })

      test('the node is able again as soon as the database says so, not only after the next commit', async () => {
        let isAway = true
        const database = withLanes(world.database, (_, query) =>
          isAway ? Promise.reject(new DatabaseError('unavailable', 'no connection')) : query()
        )
        const node = await world.node({ database })
        node.append(follow(newRoom()).log, 'nul \0 in it', entry('refused'), null)
        node.kick()
        await expect.poll(() => node.isAble).toBe(false)
        isAway = false
        await node.flush(10_000)
        expect(node.isAble).toBe(true)
      })
    })
  })
}
