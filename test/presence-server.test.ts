import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import {
  type AwarenessEntry,
  awarenessMessage,
  oneState,
  queryAwarenessMessage
} from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

let world: SessionWorld
beforeAll(async () => {
  if (!missing('postgres')) world = await startSessionWorld()
})
afterEach(() => world.closeAll())
afterAll(() => world?.[Symbol.asyncDispose]())

/** What a client would make of all the awareness that it was sent: the newest state of each id. */
const seen = (client: RawClient): Map<number, AwarenessEntry> => {
  const states = new Map<number, AwarenessEntry>()
  for (const heard of client.heard) {
    if (heard.kind !== 'awareness') continue
    for (const entry of heard.entries) {
      const known = states.get(entry.id)
      const isNewer = known === undefined || entry.clock > known.clock
      if (isNewer || (entry.clock === known.clock && entry.state === null)) states.set(entry.id, entry)
    }
  }
  return states
}

const stateOf = (client: RawClient, id: number): unknown => seen(client).get(id)?.state

const toSee = async (client: RawClient, id: number, state: unknown): Promise<void> => {
  await waitUntil(
    () => {
      expect(stateOf(client, id)).toEqual(state)
      return true
    },
    { about: `id ${id} to be seen as ${JSON.stringify(state)}` }
  )
}

const join = async (room: string, user = 'ada', claims = {}): Promise<RawClient> => {
  const client = await world.open()
  await client.join(room, await tokenFor(user, 'writer', claims))
  return client
}

const announce = (client: RawClient, room: string, ...entries: AwarenessEntry[]): void =>
  client.send(awarenessMessage(room, entries))

const here = (user: string, state: object = {}) => ({
  ...state,
  user: { id: user, name: user, role: 'writer' }
})

describe.skipIf(missing('postgres'))('G6: presence', () => {
  it('shows the user of the token, whoever the client says it is; a colour of its own it may have', async () => {
    const room = newRoom()
    const [ada, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    const user = {
      id: 'ben',
      name: 'The Boss',
      role: 'owner',
      avatar: 'https://example.com/x',
      color: '#abcdef'
    }
    announce(ada, room, { id: 1, clock: 1, state: { cursor: 5, user } })
    const stamped = { id: 'ada', name: 'ada', role: 'writer', color: '#abcdef' }
    await toSee(ben, 1, { cursor: 5, user: stamped })
  })

  it('shows name, colour and avatar of the token', async () => {
    const room = newRoom()
    const claims = { name: 'Ada L.', color: '#010203', avatar: 'https://example.com/ada' }
    const [ada, ben] = [await join(room, 'ada', claims), await join(room, 'ben')]
    announce(ada, room, { id: 1, clock: 1, state: { user: { color: '#ffffff' } } })
    await toSee(ben, 1, { user: { id: 'ada', role: 'writer', ...claims } })
  })

  it('of somebody who is here cannot be changed or ended by anybody else', async () => {
    const room = newRoom()
    const [ada, eve, ben] = [await join(room, 'ada'), await join(room, 'eve'), await join(room, 'ben')]
    announce(ada, room, { id: 1, clock: 1, state: {} })
    await toSee(ben, 1, here('ada'))
    announce(eve, room, { id: 1, clock: 9, state: { forged: true } }, { id: 2, clock: 1, state: {} })
    announce(eve, room, { id: 1, clock: 10, state: null })
    announce(eve, room, { id: 2, clock: 2, state: { last: true } })
    await toSee(ben, 2, here('eve', { last: true }))
    expect(stateOf(ben, 1)).toEqual(here('ada'))
    announce(ada, room, { id: 1, clock: 2, state: { still: 'here' } })
    await toSee(ben, 1, here('ada', { still: 'here' }))
  })

  it.each<[string, (client: RawClient) => void]>([
    ['says so', (client) => announce(client, roomOf(client), { id: 1, clock: 2, state: null })],
    ['closes the socket', (client) => client.socket.close()],
    ['is cut off', (client) => client.destroy()]
  ])('of somebody who %s is gone at once', async (_, leave) => {
    const room = newRoom()
    const [ada, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    announce(ada, room, { id: 1, clock: 1, state: {} })
    await toSee(ben, 1, here('ada'))
    leave(ada)
    await toSee(ben, 1, null)
  })

  it('of somebody who is told to leave is gone at once', async () => {
    const room = newRoom()
    const ada = await join(room, 'ada', { exp: Math.floor(Date.now() / 1000) + 2 })
    const ben = await join(room, 'ben')
    announce(ada, room, { id: 1, clock: 1, state: {} })
    await toSee(ben, 1, here('ada'))
    await toSee(ben, 1, null)
  })

  it('of somebody who comes back under the same id is there at once, and goes with them again', async () => {
    const room = newRoom()
    const [first, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    announce(first, room, { id: 1, clock: 5, state: {} })
    await toSee(ben, 1, here('ada'))
    first.destroy()
    await toSee(ben, 1, null)
    const again = await join(room, 'ada')
    // As a provider does that did not notice: the clock of before.
    announce(again, room, { id: 1, clock: 5, state: { back: true } })
    await toSee(ben, 1, here('ada', { back: true }))
    announce(again, room, { id: 1, clock: 6, state: { moved: true } })
    await toSee(ben, 1, here('ada', { moved: true }))
    again.destroy()
    await toSee(ben, 1, null)
  })

  it('is shown to its owner with the clock that the owner said, so that nothing newer is lost', async () => {
    const room = newRoom()
    const [first, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    announce(first, room, { id: 1, clock: 5, state: {} })
    await toSee(ben, 1, here('ada'))
    first.destroy()
    await toSee(ben, 1, null)
    const again = await join(room, 'ada')
    announce(again, room, { id: 1, clock: 5, state: { back: true } })
    await toSee(again, 1, here('ada', { back: true }))
    again.send(queryAwarenessMessage(room))
    await toSee(ben, 1, here('ada', { back: true }))
    expect(seen(again).get(1)?.clock).toBe(5)
  })

  it('moves to the new connection of the same user before the old one is known to be dead', async () => {
    const room = newRoom()
    const [old, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    announce(old, room, { id: 1, clock: 5, state: {} })
    await toSee(ben, 1, here('ada'))
    const now = await join(room, 'ada')
    announce(now, room, { id: 1, clock: 5, state: { moved: true } })
    await toSee(ben, 1, here('ada', { moved: true }))
    old.destroy()
    announce(now, room, { id: 1, clock: 6, state: { again: true } })
    await toSee(ben, 1, here('ada', { again: true }))
  })

  it('does not move to somebody else of the same user who repeats what they heard', async () => {
    const room = newRoom()
    const [tab, other, ben] = [await join(room, 'ada'), await join(room, 'ada'), await join(room, 'ben')]
    announce(tab, room, { id: 1, clock: 5, state: {} })
    announce(other, room, { id: 2, clock: 1, state: {} })
    await toSee(ben, 2, here('ada'))
    announce(other, room, { id: 1, clock: 6, state: { stolen: true } }, { id: 2, clock: 2, state: { on: 1 } })
    await toSee(ben, 2, here('ada', { on: 1 }))
    other.destroy()
    await toSee(ben, 2, null)
    expect(stateOf(ben, 1)).toEqual(here('ada'))
  })

  it('of one connection has 16 ids at most', async () => {
    const room = newRoom()
    const [ada, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    announce(ada, room, ...Array.from({ length: 40 }, (_, id) => ({ id, clock: 1, state: {} })))
    announce(ada, room, { id: 0, clock: 2, state: { last: true } })
    await toSee(ben, 0, here('ada', { last: true }))
    expect(seen(ben).size).toBe(16)
  })

  it.each<[string, Uint8Array]>([
    ['no message', Uint8Array.of(255)],
    ['a count without states', Uint8Array.of(200, 1)],
    ['a state that is no JSON', Uint8Array.of(1, 1, 1, 1, 0x7b)],
    ['a state that is no object', Uint8Array.of(1, 1, 1, 2, 0x5b, 0x5d)],
    ['a clock that nobody reaches', Uint8Array.of(1, 1, 255, 255, 255, 255, 255, 255, 127, 2, 0x7b, 0x7d)],
    ['a state of 20,000 bytes', oneState(JSON.stringify({ long: 'x'.repeat(20_000) }))],
    ['a state 8,000 deep', oneState(`{"a":${'['.repeat(8_000)}${']'.repeat(8_000)}}`)]
  ])('that is %s is refused by name, and the connection goes on', async (_, payload) => {
    const room = newRoom()
    const [ada, ben] = [await join(room, 'ada'), await join(room, 'ben')]
    ada.send(awarenessMessage(room, payload))
    await waitUntil(() => ada.messages('refused').length > 0, { about: 'the refusal' })
    expect(ada.messages('refused')).toMatchObject([{ code: 'message-malformed' }])
    announce(ada, room, { id: 1, clock: 2, state: { fine: true } })
    await toSee(ben, 1, here('ada', { fine: true }))
    expect(ada.ending).toBeNull()
  })

  it('is shown to whoever comes later, and to whoever asks', async () => {
    const room = newRoom()
    const ada = await join(room, 'ada')
    announce(ada, room, { id: 1, clock: 1, state: {} })
    await toSee(ada, 1, here('ada'))
    const ben = await join(room, 'ben')
    await toSee(ben, 1, here('ada'))
    const before = ben.count('awareness')
    ben.send(queryAwarenessMessage(room))
    await waitUntil(() => ben.count('awareness') > before, { about: 'the answer' })
    expect(ben.heard.findLast(({ kind }) => kind === 'awareness')).toMatchObject({ entries: [{ id: 1 }] })
  })

  it('is answered also where nobody is, and once for many who ask at once', async () => {
    const room = newRoom()
    const ada = await join(room, 'ada')
    ada.cork(() => ada.send(...Array.from({ length: 500 }, () => queryAwarenessMessage(room))))
    await waitUntil(() => ada.count('awareness') > 0, { about: 'the answer' })
    await ada.settled()
    expect(ada.count('awareness')).toBeLessThan(5)
  })

  it('of a hundred people who move at once comes in few frames', async () => {
    const room = newRoom()
    const token = await tokenFor('ada', 'writer')
    const people = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const client = await world.open()
        await client.join(room, token)
        return client
      })
    )
    const [watcher] = people
    if (watcher === undefined) throw new Error('nobody is there')
    for (const round of [1, 2, 3]) {
      const before = watcher.count('awareness')
      for (const [id, client] of people.entries())
        announce(client, room, { id, clock: round, state: { round } })
      const hasAll = () => [...seen(watcher).values()].filter(({ clock }) => clock >= round).length === 100
      await waitUntil(hasAll, { about: 'all hundred to be seen' })
      expect(watcher.count('awareness') - before).toBeLessThan(30)
    }
  })

  it('of stock providers comes and goes, also when one loses its network and comes back', async () => {
    const room = newRoom()
    const open = async (user: string) => {
      const socket = new HocuspocusProviderWebsocket({
        url: `${world.server.wsUrl}/ws`,
        WebSocketPolyfill: WebSocket,
        delay: 50,
        minDelay: 50
      })
      const document = new Y.Doc()
      const provider = new HocuspocusProvider({
        websocketProvider: socket,
        name: room,
        document,
        token: await tokenFor(user, 'writer')
      })
      provider.attach()
      return { socket, provider, document }
    }
    const [ada, ben] = [await open('ada'), await open('ben')]
    const shown = () => ben.provider.awareness?.getStates().get(ada.document.clientID)
    ada.provider.setAwarenessField('cursor', 1)
    await waitUntil(() => shown()?.cursor === 1, { about: 'the cursor' })
    expect(shown()?.user).toMatchObject({ id: 'ada' })
    // What `WebSocketPolyfill` made.
    ;(ada.socket.webSocket as unknown as WebSocket).terminate()
    await waitUntil(() => shown() === undefined, { about: 'the cursor to be gone' })
    await waitUntil(() => shown()?.cursor === 1, { about: 'the cursor to be back' })
    ada.provider.destroy()
    await waitUntil(() => shown() === undefined, { about: 'the cursor to be gone' })
    for (const { provider, socket } of [ada, ben]) {
      provider.destroy()
      socket.destroy()
    }
  })
})

const roomOf = (client: RawClient): string => {
  const joined = client.heard.find(({ kind }) => kind === 'authenticated')
  if (joined === undefined || !('address' in joined)) throw new Error('in no room')
  return joined.address
}
