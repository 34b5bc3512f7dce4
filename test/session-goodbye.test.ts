import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { awarenessMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('G10: who said goodbye and reads nothing more', () => {
  let world: SessionWorld
  beforeAll(async () => {
    world = await startSessionWorld()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  it('is gone from the room and from the node, though their socket is still half open', async () => {
    const room = newRoom()
    const [ada, ben] = [await world.open(), await world.open()]
    await ada.join(room, await tokenFor('ada', 'writer'))
    await ben.join(room, await tokenFor('ben', 'writer'))
    ada.send(awarenessMessage(room, [{ id: 1, clock: 1, state: { at: 'desk' } }]))
    const shown = () => ben.heard.flatMap((heard) => (heard.kind === 'awareness' ? heard.entries : [])).at(-1)
    await waitUntil(() => shown()?.state, { about: 'ada to be shown' })
    ada.socket.pause()
    ada.socket.close()
    // ws itself gives the other side half a minute.
    await waitUntil(() => shown()?.state === null, { about: 'ada to be gone' })
    expect((await world.stats()).sessions).toBe(1)
    ada.destroy()
  })
})
