/** Two writers at one seq: nodes that do not know of each other, and statements of which nobody knows whether they came. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, DatabaseError } from '../server/database/database.ts'
import { isCollision } from '../server/log/append.ts'
import type { GroupCommit } from '../server/log/group-commit.ts'
import {
  append,
  engines,
  entry,
  type Followed,
  follow,
  type LogWorld,
  newRoom,
  openLogWorld,
  seqsTo,
  stored,
  told,
  withLanes
} from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { waitUntil } from './support/wait-until.ts'

for (const engine of engines) {
  describe.skipIf(engine === 'postgres' && missing('postgres'))(`entries that collide on ${engine}`, () => {
    let world: LogWorld
    beforeAll(async () => {
      world = await openLogWorld(engine)
    })
    afterAll(() => world[Symbol.asyncDispose]())

    test('are all there, once and without a gap, when two nodes write one room as fast as they can', async () => {
      const name = newRoom()
      const rounds = 100
      const nodes = await Promise.all(
        ['a', 'b'].map(async (which) => ({ which, commits: await world.node(), room: follow(name) }))
      )
      await Promise.all(
        nodes.map(async ({ which, commits, room }) => {
          for (let round = 0; round < rounds; round++) {
            for (let more = 0; more <= round % 3; more++)
              commits.append(room.log, 'ada', entry(`${which}-${round}-${more}`), null)
            await write(commits)
          }
        })
      )
      const rows = stored(await world.rows(name))
      expect(rows.map(([seq]) => seq)).toEqual(seqsTo(rows.length))
      expect(nodes.flatMap(({ room }) => told(room)).toSorted(([a], [b]) => a - b)).toEqual(rows)
      for (const { which, room } of nodes) {
        const own = seqsTo(rounds).flatMap((round) =>
          seqsTo(((round - 1) % 3) + 1).map((more) => `${which}-${round - 1}-${more - 1}`)
        )
        expect(told(room).map(([, text]) => text)).toEqual(own)
      }
    })

    test('stay together and in order, and keep nobody else of their batch from being written', async () => {
      const [node, other] = await Promise.all([world.node(), world.node()])
      const rooms = Array.from({ length: 5 }, () => follow(newRoom()))
      await writeAll(node, rooms, ['one'])
      const contested = rooms.slice(1, 3)
      await writeAll(other, contested.map(sameRoom), ['theirs'])
      await writeAll(node, rooms, ['two', 'three', 'four'])
      for (const room of rooms) {
        const theirs = contested.includes(room) ? ['theirs'] : []
        const rows = stored(await world.rows(room.log.name))
        expect(rows).toEqual(
          ['one', ...theirs, 'two', 'three', 'four'].map((text, index) => [index + 1, text])
        )
        expect(told(room)).toEqual(rows.filter(([, text]) => text !== 'theirs'))
      }
    })

    test('are two entries, not one, if another node wrote the same', async () => {
      const [node, other] = await Promise.all([world.node(), world.node()])
      const name = newRoom()
      const rooms = [follow(name), follow(name)] as const
      await writeAll(node, [rooms[0]], ['the same'])
      await writeAll(other, [rooms[1]], ['the same'])
      expect(rooms.map(told)).toEqual([[[1, 'the same']], [[2, 'the same']]])
      expect(stored(await world.rows(name))).toEqual(rooms.flatMap(told))
    })

    describe('with an attempt that had no answer', () => {
      /** The node gives the first append of these entries up; `arrive` is when Postgres gets it. */
      const lateNode = async (text: string, onStatement: (text: string) => unknown = () => null) => {
        let held: (() => Promise<unknown>) | null = null
        let isArmed = false
        const database = withLanes(world.database, async (statement, query) => {
          if (isArmed && append.test(statement)) {
            isArmed = false
            held = query
            throw new DatabaseError('unavailable', 'no answer')
          }
          const rows = await query()
          await onStatement(statement)
          return rows
        })
        const node = await world.node({ database })
        return {
          node,
          write: async (rooms: readonly Followed[]) => {
            isArmed = true
            await writeAll(node, rooms, [text])
          },
          arrive: () => {
            const run = held
            held = null
            return run?.()
          }
        }
      }

      test('are not written again when it arrives after the second', async () => {
        const { node, write: writeLate, arrive } = await lateNode('late')
        const rooms = [follow(newRoom()), follow(newRoom()), follow(newRoom())]
        await writeAll(node, rooms, ['first'])
        await writeLate(rooms)
        await expect(arrive()).rejects.toSatisfy(isCollision)
        for (const room of rooms) {
          expect(told(room).map(([, text]) => text)).toEqual(['first', 'late'])
          expect(stored(await world.rows(room.log.name))).toEqual(told(room))
        }
      })

      test('are not written again when it arrives after another node took their place', async () => {
        const other = await world.node()
        const { node, write: writeLate, arrive } = await lateNode('late')
        const rooms = [follow(newRoom()), follow(newRoom())] as const
        await writeAll(node, rooms, ['first'])
        await writeAll(other, [sameRoom(rooms[0])], ['theirs'])
        await writeLate(rooms)
        await expect(arrive()).rejects.toSatisfy(isCollision)
        expect(told(rooms[0]).at(-1)).toEqual([3, 'late'])
        expect(told(rooms[1]).at(-1)).toEqual([2, 'late'])
        for (const room of rooms)
          expect(texts(await world.rows(room.log.name)).filter((text) => text === 'late')).toEqual(['late'])
      })

      test.each([
        ['how far the rooms are', 'is_open'],
        ['what stands there', 'base + entries']
      ])('are found when it arrives after the node was told %s', async (_what, question) => {
        const other = await world.node()
        const [calm, contested] = [follow(newRoom()), follow(newRoom())]
        const late = await lateNode('late', async (statement) => {
          if (!statement.includes(question)) return
          // In a deleted room it finds nothing in its way, and writes the other.
          await world.database.query('update room set deleted_at = now() where id = $1', [contested.log.id])
          await late.arrive()
        })
        await writeAll(late.node, [calm, contested], ['first'])
        await writeAll(other, [sameRoom(contested)], ['theirs'])
        await late.write([calm, contested])
        expect(told(calm)).toEqual([
          [1, 'first'],
          [2, 'late']
        ])
        expect(stored(await world.rows(calm.log.name))).toEqual(told(calm))
        expect(contested.failures.map(({ reason }) => reason)).toEqual(['room-deleted'])
      })
    })

    test('leave no hole where the database has lost what was committed', async () => {
      const node = await world.node()
      const [behind, alone, other] = [follow(newRoom()), follow(newRoom()), follow(newRoom())]
      await writeAll(node, [behind, alone, other], ['one', 'two', 'three'])
      await world.database.query('delete from entry where room_id in ($1, $2) and seq > 1', [
        behind.log.id,
        alone.log.id
      ])
      await writeAll(node, [behind, other], ['four'])
      await writeAll(node, [alone], ['four'])
      for (const { log, failures } of [behind, alone]) {
        expect(texts(await world.rows(log.name))).toEqual(['one'])
        expect(failures.map(({ reason, message }) => [reason, message])).toEqual([
          ['resync', `${log.name} ends at 1, not 3`]
        ])
      }
      expect(told(other).at(-1)).toEqual([4, 'four'])
    })
  })
}

describe.skipIf(missing('postgres'))(
  'a connection that ends while its statement waits for another writer',
  () => {
    test.each(['commits', 'takes its entry back'])(
      'has its entries written once, whether that one %s',
      async (then) => {
        await using world = await openLogWorld('postgres')
        const node = await world.node()
        const room = follow(newRoom())
        await writeAll(node, [room], ['first'])
        await world.database.transaction(async (t) => {
          await t.query(theirEntry, [room.log.id])
          node.append(room.log, 'ada', entry('second'), null)
          node.append(room.log, 'ada', entry('third'), null)
          node.kick()
          await waitUntil(() => killWaiting(world.database), { about: 'the append to wait' })
          if (then !== 'commits') await t.query(`delete from entry where author = 'bob'`)
        })
        await write(node)
        const rows = stored(await world.rows(room.log.name))
        const theirs = then === 'commits' ? ['theirs'] : []
        expect(rows).toEqual(['first', ...theirs, 'second', 'third'].map((text, index) => [index + 1, text]))
        expect(told(room)).toEqual(rows.filter(([, text]) => text !== 'theirs'))
      }
    )
  }
)

const theirEntry = `
insert into entry (room_id, seq, author, at, update) values ($1, 2, 'bob', now(), 'theirs')`

/** Ends the connections whose statements wait for a lock. */
const killWaiting = async (database: Database): Promise<boolean> => {
  const killed = await database.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and (wait_event_type = 'Lock' or wait_event = 'PostgresFdwGetResult')`
  )
  return killed.length > 0
}

const write = (node: GroupCommit): Promise<boolean> => {
  node.kick()
  return node.flush(20_000)
}

const writeAll = async (node: GroupCommit, rooms: readonly Followed[], lines: readonly string[]) => {
  for (const text of lines) for (const { log } of rooms) node.append(log, 'ada', entry(text), null)
  expect(await write(node)).toBe(true)
}

/** The same room, as a node sees it that has heard of nothing. */
const sameRoom = ({ log }: Followed): Followed => follow(log.name)

const texts = (rows: Awaited<ReturnType<LogWorld['rows']>>): string[] => stored(rows).map(([, text]) => text)
