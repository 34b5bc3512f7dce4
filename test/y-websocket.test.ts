/** The stock y-websocket client on `/y/<room>`, alone, with others of its kind, and beside Hocuspocus providers. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { seconds } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'
import { openYProvider, type YProvider } from './support/y-provider.ts'

let world: SessionWorld
let token: string
const open: Disposable[] = []
const errors = vi.spyOn(console, 'error')
const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {})

beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld({
    LOG_LEVEL: 'warn',
    ROOMLOG_IDLE_TIMEOUT_MS: '3000',
    ROOMLOG_AUTH_TIMEOUT_MS: '2000'
  })
  // The file takes longer than a token usually lasts.
  token = await tokenFor('ada', 'writer', { exp: seconds() + 3_600 })
})
afterEach(() => {
  for (const one of open.splice(0).reverse()) one[Symbol.dispose]()
  expect(world.server.stderr()).toBe('')
  // It says so of each message that it does not know.
  expect(errors).not.toHaveBeenCalled()
  warnings.mockClear()
})
afterAll(() => world?.[Symbol.asyncDispose]())

const kept = <T extends Disposable>(one: T): T => {
  open.push(one)
  return one
}
const openY = (room: string, own = token): YProvider =>
  kept(openYProvider(world.server.wsUrl, room, { token: own }))
const openHocuspocus = (room: string): StockProvider =>
  kept(openProvider(world.server.wsUrl, room, new Y.Doc(), token))

const textOf = ({ document }: { readonly document: Y.Doc }): string => document.getText('text').toString()
const type = ({ document }: { readonly document: Y.Doc }, typed: string): void =>
  document.getText('text').insert(document.getText('text').length, typed)
const shows = async (person: { readonly document: Y.Doc }, text: string): Promise<void> => {
  await waitUntil(() => textOf(person) === text, { about: `${text} to be shown, not ${textOf(person)}` })
}
const folded = async (room: string): Promise<string> => {
  const document = new Y.Doc()
  for (const { update } of await world.rows(room)) Y.applyUpdate(document, update)
  return document.getText('text').toString()
}
const closed = (person: YProvider) => waitUntil(() => person.closed, { about: 'it to be closed for good' })

const suite = describe.skipIf(missing('postgres'))

suite('G9: the stock y-websocket client', () => {
  it('edits together with another one, and with a Hocuspocus provider', async () => {
    const room = newRoom()
    const [ada, ben, cleo] = [openY(room), openY(room), openHocuspocus(room)]
    type(ada, 'one')
    await shows(ben, 'one')
    await shows(cleo, 'one')
    type(cleo, ', two')
    await cleo.settled()
    await shows(ada, 'one, two')
    type(ben, ', three')
    for (const person of [ada, cleo]) await shows(person, 'one, two, three')
    await waitUntil(async () => (await folded(room)) === 'one, two, three', { about: 'the log to have it' })
  })

  it('gets what was there before it came', async () => {
    const room = newRoom()
    const ada = openHocuspocus(room)
    type(ada, 'before')
    await ada.settled()
    const ben = openY(room)
    await ben.synced()
    expect(textOf(ben)).toBe('before')
  })

  it('may write the slash in the name of a room as it is, or encoded', async () => {
    const room = newRoom()
    const [ada, ben] = [openY(room), openY(encodeURIComponent(room))]
    type(ada, 'one room')
    await shows(ben, 'one room')
  })

  it('sees who is there, and is seen, over either protocol, under the name of its token', async () => {
    const room = newRoom()
    const [ada, ben] = [openY(room), openHocuspocus(room)]
    const seenBy = (
      states: Map<number, Record<string, unknown>> | undefined,
      { document }: YProvider | StockProvider
    ) => states?.get(document.clientID)
    ada.provider.awareness.setLocalStateField('cursor', 3)
    ada.provider.awareness.setLocalStateField('user', { id: 'eve', name: 'Eve' })
    ben.provider.setAwarenessField('cursor', 5)
    const adaSeen = () => seenBy(ben.provider.awareness?.getStates(), ada)
    await waitUntil(() => adaSeen()?.cursor === 3 && adaSeen()?.user, { about: 'Ada to be seen' })
    expect(adaSeen()?.user).toMatchObject({ id: 'ada', name: 'ada', role: 'writer' })
    const benSeen = () => seenBy(ada.provider.awareness.getStates(), ben)
    await waitUntil(() => benSeen()?.cursor === 5, { about: 'Ben to be seen' })
    ben.provider.destroy()
    await waitUntil(() => benSeen() === undefined, { about: 'Ben to be gone' })
    ada.provider.disconnect()
    ada.provider.connect()
    await ada.synced()
    const cleo = openY(room)
    await waitUntil(() => seenBy(cleo.provider.awareness.getStates(), ada)?.cursor === 3, {
      about: 'Ada to be back'
    })
  })

  it('comes back by itself after the server was killed, and brings what was changed meanwhile', async () => {
    const room = newRoom()
    const [ada, ben] = [openY(room), openHocuspocus(room)]
    type(ada, 'before')
    await shows(ben, 'before')
    await world.server.kill()
    type(ada, ', during')
    type(ben, ', and elsewhere')
    await world.server.restart()
    await waitUntil(() => textOf(ada).length === 29 && textOf(ben) === textOf(ada), {
      about: 'all on both sides'
    })
    expect(ada.closed).toBeNull()
  })

  it('comes back by itself from a server that stops and starts', async () => {
    const room = newRoom()
    const ada = openY(room)
    await ada.synced()
    await world.server.restart()
    type(ada, 'here again')
    await waitUntil(async () => (await folded(room)) === 'here again', { about: 'the log to have it' })
  })

  it('hears something now and then where nothing happens, or it would think that nobody is there', async () => {
    const ada = openY(newRoom())
    await ada.synced()
    const heardAt = ada.provider.wsLastMessageReceived
    const about = 'something to be heard'
    await waitUntil(() => ada.provider.wsLastMessageReceived > heardAt + 2000, { about, timeoutMs: 30_000 })
    expect(ada.provider.wsconnected).toBe(true)
  })
})

suite('G5: a y-websocket client that is refused', () => {
  it.each([
    ['without a good token', 'bad', newRoom(), 4401, 'token-invalid'],
    ['where the token gives no role', '', 'form/of-others', 4403, 'forbidden'],
    ['at a room of no kind', '', 'nothing/1', 4404, 'kind-unknown'],
    ['at what is no name of a room', '', 'no name', 4400, 'room-name-invalid'],
    ['at what cannot be decoded', '', '%E0%A4%A', 4400, 'room-name-invalid']
  ])('%s is told so by name, and does not come back', async (_, own, room, code, reason) => {
    const eve = openY(room, own || token)
    expect(await closed(eve)).toEqual({ code, reason })
    expect(warnings.mock.calls.join()).toContain(reason)
    expect(eve.provider.shouldConnect).toBe(false)
  })

  it('may come in with a better token', async () => {
    const eve = openY(newRoom(), 'bad')
    await closed(eve)
    eve.provider.params = { token }
    eve.provider.connect()
    await eve.synced()
  })

  it('for an update of a reader is told so by name, and nobody else has it', async () => {
    const room = newRoom()
    const ben = openY(room)
    type(ben, 'theirs')
    await waitUntil(async () => (await folded(room)) === 'theirs', { about: 'the log to have it' })
    const rita = openY(room, await tokenFor('rita', 'reader'))
    await shows(rita, 'theirs')
    type(rita, ', and mine')
    expect(await closed(rita)).toEqual({ code: 4403, reason: 'read-only' })
    type(ben, '!')
    await waitUntil(async () => (await folded(room)) === 'theirs!', { about: 'the log to have it' })
    expect(textOf(ben)).toBe('theirs!')
    expect(ben.provider.wsconnected).toBe(true)
  })

  it('whose token has expired is told so by name', async () => {
    const ada = openY(newRoom(), await tokenFor('ada', 'writer', { exp: seconds() + 2 }))
    await ada.synced()
    expect(await closed(ada)).toEqual({ code: 4401, reason: 'token-invalid' })
  })
})

suite('what a y-websocket client could not understand', () => {
  /** A socket that hears every byte. */
  const listen = async (room: string, own = token) => {
    const socket = new WebSocket(`${world.server.wsUrl}/y/${room}?token=${own}`)
    const heard: number[][] = []
    socket.on('message', (data: Buffer) => heard.push([...data]))
    let ending: { readonly code: number; readonly reason: string } | null = null
    socket.on('close', (code, reason) => {
      ending = { code, reason: String(reason) }
    })
    kept({ [Symbol.dispose]: () => socket.terminate() })
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
    return { socket, heard, ending: () => ending }
  }

  it('is not said to it: no acknowledgement, no message of ours', async () => {
    const room = newRoom()
    const { socket, heard, ending } = await listen(room)
    socket.send(Uint8Array.of(0, 0, 1, 0))
    await waitUntil(() => heard.some(([type, step]) => type === 0 && step === 1), { about: 'sync step 2' })
    const update = Y.encodeStateAsUpdate(someDocument())
    socket.send(Uint8Array.of(0, 2, update.length, ...update))
    // What is asked for later is answered later.
    await waitUntil(async () => (await folded(room)) === 'x', { about: 'the update to be saved' })
    socket.send(Uint8Array.of(3))
    await waitUntil(() => heard.some(([type]) => type === 1), { about: 'presence' })
    expect(heard.map(([type]) => type).filter((type) => type !== 0 && type !== 1)).toEqual([])
    expect(ending()).toBeNull()
  })

  it('is a code for good where it may come back: nobody checked its token in time', async () => {
    const isOver = Promise.withResolvers<void>()
    const isHeld = Promise.withResolvers<void>()
    const held = world.database.transaction(async (t) => {
      await t.exec('lock table member in access exclusive mode')
      isHeld.resolve()
      await isOver.promise
    })
    await isHeld.promise
    const { ending } = await listen(newRoom(), await tokenFor('newcomer', 'writer', { grants: [] }))
    const end = await waitUntil(ending, { about: 'the socket to be closed' })
    isOver.resolve()
    await held
    expect(end).toEqual({ code: 4508, reason: 'auth-timeout' })
  })
})

const someDocument = (): Y.Doc => {
  const document = new Y.Doc()
  document.getText('text').insert(0, 'x')
  return document
}
