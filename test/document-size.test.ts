import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { syncMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

const value = (turn: number): string => String(turn % 10).repeat(30_000)

describe.skipIf(missing('postgres'))('a document of 100 kB at most', () => {
  let world: SessionWorld
  beforeAll(async () => {
    world = await startSessionWorld({ AUTH_SECRET: '', ROOMLOG_DOCUMENT_BYTES_MAX: '100000' })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  /** Somebody whose changes are posted one by one. */
  const enter = () => {
    const path = roomPath(newRoom(), '/doc')
    const document = new Y.Doc()
    const updates = record(document)
    const values = document.getMap<string>('values')
    const post = (bytes: Uint8Array<ArrayBuffer>): Promise<Response> =>
      callServer(world.server.url, path, { bytes })
    const change = (by: (values: Y.Map<string>) => void): Uint8Array<ArrayBuffer> => {
      by(values)
      return Uint8Array.from(Y.mergeUpdates(updates.splice(0)))
    }
    return { path, values, post, change }
  }

  test('takes values that are written over one another, however many', async () => {
    const { path, values, post, change } = enter()
    for (let turn = 0; turn < 40; turn++) {
      const answer = await post(change((of) => of.set('one', value(turn))))
      expect(answer.status, `value ${turn}`).toBe(200)
    }
    const answer = await callServer(world.server.url, path)
    const read = new Y.Doc()
    Y.applyUpdate(read, new Uint8Array(await answer.arrayBuffer()))
    expect(read.getMap('values').toJSON()).toEqual(values.toJSON())
  })

  test('refuses what does not fit, and takes it once there is space', async () => {
    const { post, change } = enter()
    for (const key of ['one', 'two', 'three'])
      expect((await post(change((values) => values.set(key, value(1))))).status).toBe(200)
    const deletion = change((values) => values.delete('one'))
    const addition = change((values) => values.set('four', value(4)))
    await expectProblem(await post(addition), 'too-large')
    expect((await post(deletion)).status).toBe(200)
    await waitUntil(async () => (await post(addition)).ok, { about: 'the space to be found' })
  })

  test('takes of what is typed together as much as fits', async () => {
    const room = newRoom()
    const client = await world.open()
    const document = await client.enter(room)
    const updates = record(document)
    document.getMap('values').set('one', 'x'.repeat(99_500))
    for (let press = 0; press < 100; press++) document.getText('text').insert(20 * press, 'x'.repeat(20))
    const [value, ...presses] = updates.map((update) => syncMessage(room, 2, update))
    const before = client.acknowledged()
    client.send(value ?? '')
    await waitUntil(() => client.acknowledged() > before, { about: 'the value to be saved' })
    client.cork(() => client.send(...presses))
    const answers = (): number => client.acknowledged() + client.acknowledged(false) - before - 1
    await waitUntil(() => answers() >= presses.length, { about: 'each to be answered' })
    const saved = client.acknowledged() - before - 1
    expect(client.acknowledged(false)).toBe(presses.length - saved)
    expect(client.messages('refused').map(({ code }) => code)).toEqual(['too-large'])
    expect(saved).toBeGreaterThan(5)
    const read = new Y.Doc()
    for (const { update } of await world.rows(room)) Y.applyUpdate(read, update)
    expect(read.getText('text').length).toBe(20 * saved)
  })
})
