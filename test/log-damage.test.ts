import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { roomIdOf } from '../server/log/room-log.ts'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { newRoom, toRoomName } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type ProxiedServer, startProxiedServer } from './support/proxied-server.ts'
import { readDocument } from './support/room-over-http.ts'
import { openProvider } from './support/stock-provider.ts'
import { Typist } from './support/typist.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('G11: a room whose log is damaged', () => {
  let world: ProxiedServer
  beforeAll(async () => {
    world = await startProxiedServer()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  /** A room of five entries that is closed; its text is 'abcde'. */
  const writeRoom = async (): Promise<{ room: string; root: string }> => {
    const room = newRoom()
    const typist = await Typist.open(world.server.wsUrl, room)
    for (const letter of 'abcde') {
      typist.type(letter)
      await waitUntil(() => typist.isAllAcknowledged, { about: `${letter} to be acknowledged` })
    }
    typist.leave()
    await waitUntil(async () => (await world.stats()).sessions === 0, { about: 'the writer to be gone' })
    return { room, root: typist.root }
  }

  const atThree = (statement: string) => (room: string) =>
    world.database.query(`${statement} where room_id = $1 and seq = 3`, [roomIdOf(toRoomName(room))])

  test.each<[string, (room: string) => Promise<unknown>]>([
    ['lacks an entry', atThree('delete from entry')],
    ['has an entry of bytes that are no update', atThree(`update entry set update = '\\xffffff'`)],
    ['has an entry that is cut off', atThree('update entry set update = substr(update, 1, 5)')],
    [
      'has a damaged snapshot',
      (room) =>
        world.database.query(`insert into snapshot (room_id, seq, state) values ($1, 3, '\\xffffff')`, [
          roomIdOf(toRoomName(room))
        ])
    ],
    ['has an empty entry where content was', atThree(`update entry set update = '\\x0000'`)]
  ])('that %s is quarantined: nobody gets it, nobody adds to it, the others go on', async (_what, damage) => {
    const other = await writeRoom()
    const { room, root } = await writeRoom()
    const before = await world.rows(room)
    await damage(room)

    await expect(Typist.open(world.server.wsUrl, room)).rejects.toThrow('closed with 4500 room-corrupt')
    for (const path of ['/view', '/doc']) {
      await expectProblem(await callServer(world.server.url, roomPath(room, path)), 'room-corrupt')
    }
    using stock = openProvider(world.server.wsUrl, room)
    stock.document.getText(root).insert(0, 'offline ')
    expect(await textOver(other)).toBe('abcde')
    using neighbour = openProvider(world.server.wsUrl, other.room)
    neighbour.document.getText('text').insert(0, 'goes on')
    await neighbour.settled()
    expect([stock.provider.isSynced, stock.provider.hasUnsyncedChanges]).toEqual([false, true])
    expect(world.server.ending()).toBeUndefined()

    await repair(room, before)
    await stock.settled()
    expect(stock.document.getText(root).toString()).toMatch(/^(offline )?abcde(offline )?$/)
    expect((await world.rows(room)).slice(0, 5)).toEqual(before)
  })

  const textOver = async ({ room, root }: { room: string; root: string }): Promise<string> =>
    (await readDocument(world.server.url, room)).getText(root).toString()

  const repair = async (room: string, rows: Awaited<ReturnType<ProxiedServer['rows']>>): Promise<void> => {
    const id = roomIdOf(toRoomName(room))
    for (const table of ['snapshot', 'entry'])
      await world.database.query(`delete from ${table} where room_id = $1`, [id])
    for (const { seq, author, at, update } of rows) {
      await world.database.query(
        'insert into entry (room_id, seq, author, at, update) values ($1, $2, $3, $4, $5)',
        [id, seq, author, new Date(at), update]
      )
    }
  }
})
