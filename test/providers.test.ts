import * as current from '@hocuspocus/provider'
import * as previous from '@hocuspocus/provider-previous'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

type Makers = Pick<typeof current, 'HocuspocusProvider' | 'HocuspocusProviderWebsocket'>
type Options = Partial<current.HocuspocusProviderConfiguration>

const versions: [string, Makers][] = [
  ['4.8', current],
  ['4.7', previous as unknown as Makers]
]

describe.skipIf(missing('postgres')).each(versions)('G9: the stock provider %s', (_, makers) => {
  let world: SessionWorld
  let token: string
  const open: { destroy(): void }[] = []
  beforeAll(async () => {
    world = await startSessionWorld({ LOG_LEVEL: 'warn' })
    token = await tokenFor('ada', 'writer')
  })
  afterEach(() => {
    for (const one of open.splice(0).reverse()) one.destroy()
    expect(world.server.stderr()).toBe('')
  })
  afterAll(() => world[Symbol.asyncDispose]())

  const connect = () => {
    const socket = new makers.HocuspocusProviderWebsocket({
      url: `${world.server.wsUrl}/ws`,
      WebSocketPolyfill: WebSocket,
      delay: 50,
      minDelay: 50,
      maxDelay: 100
    })
    open.push(socket)
    return socket
  }

  const enter = (room: string, options: Options = {}, socket = connect()) => {
    const document = new Y.Doc()
    const provider = new makers.HocuspocusProvider({
      websocketProvider: socket,
      name: room,
      document,
      token,
      ...options
    })
    provider.attach()
    open.push(provider)
    const text = document.getText('text')
    return {
      provider,
      socket,
      text,
      type: (typed: string) => text.insert(text.length, typed),
      settled: async () => {
        await waitUntil(() => provider.isSynced && !provider.hasUnsyncedChanges, {
          about: `${provider.unsyncedChanges} changes to be synced`
        })
      }
    }
  }
  type Person = ReturnType<typeof enter>

  const shows = async (person: Person, text: string): Promise<void> => {
    await waitUntil(() => person.text.toString() === text, { about: `${text} to be shown` })
  }

  it('edits together with another one', async () => {
    const room = newRoom()
    const [ada, ben] = [enter(room), enter(room)]
    ada.type('together')
    await ada.settled()
    await shows(ben, 'together')
    ben.text.delete(0, 2)
    await ben.settled()
    await shows(ada, 'gether')
  })

  it('may open one room twice on one socket, each with a session of its own', async () => {
    const room = newRoom()
    const socket = connect()
    const [left, right] = [
      enter(room, { sessionAwareness: true }, socket),
      enter(room, { sessionAwareness: true }, socket)
    ]
    await Promise.all([left.settled(), right.settled()])
    left.type('from the left')
    await left.settled()
    await shows(right, 'from the left')
    right.provider.setAwarenessField('side', 'right')
    const seen = () => left.provider.awareness?.getStates().get(right.provider.document.clientID)
    await waitUntil(() => seen()?.side === 'right', { about: 'the other side to be seen' })
    right.provider.destroy()
    await waitUntil(() => seen() === undefined, { about: 'the other side to be gone' })
    left.type('!')
    await left.settled()
  })

  it('may be destroyed and made again at once, as components are that mount twice', async () => {
    const room = newRoom()
    const socket = connect()
    await enter(newRoom(), {}, socket).settled()
    enter(room, {}, socket).provider.destroy()
    enter(room, {}, socket).provider.destroy()
    const ada = enter(room, {}, socket)
    ada.type('mounted')
    await ada.settled()
    ada.provider.destroy()
    const again = enter(room, {}, socket)
    await again.settled()
    await shows(again, 'mounted')
  })

  it('is told why it may not enter, and may try again with a better token', async () => {
    const room = newRoom()
    const reasons: string[] = []
    let next = 'bad'
    const ada = enter(room, {
      token: () => next,
      onAuthenticationFailed: ({ reason }) => reasons.push(reason)
    })
    await waitUntil(() => reasons.length > 0, { about: 'the reason' })
    expect(reasons).toEqual(['token-invalid'])
    next = token
    await ada.provider.sendToken()
    ada.provider.startSync()
    ada.type('in')
    await ada.settled()
  })

  it('knows whether it may write', async () => {
    const room = newRoom()
    const scopes = await Promise.all(
      ['writer', 'reader'].map(async (role) => {
        const person = enter(room, { token: await tokenFor(role, role) })
        await person.settled()
        return person.provider.authorizedScope
      })
    )
    expect(scopes).toEqual(['read-write', 'readonly'])
  })

  it('may sync again, and collect what it sends', async () => {
    const room = newRoom()
    const [ada, ben] = [enter(room, { flushDelay: 10 }), enter(room)]
    await Promise.all([ada.settled(), ben.settled()])
    for (const letter of 'collected') ada.type(letter)
    await ada.settled()
    await shows(ben, 'collected')
    for (let time = 0; time < 5; time++) ben.provider.forceSync()
    await ben.settled()
    expect((await world.rows(room)).length).toBe(1)
  })

  it('comes back by itself after the server was killed, and brings what was changed meanwhile', async () => {
    const room = newRoom()
    const [ada, ben] = [enter(room), enter(room)]
    ada.type('before')
    await ada.settled()
    await world.server.kill()
    ada.type(', during')
    ben.type(', and elsewhere')
    await world.server.restart()
    await waitUntil(() => ada.text.length === 29 && ben.text.length === 29, {
      about: 'all of it on both sides'
    })
    await Promise.all([ada.settled(), ben.settled()])
    expect(ada.text.toString()).toBe(ben.text.toString())
  })
})
