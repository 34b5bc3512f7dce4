import * as current from '@hocuspocus/provider'
import * as previous from '@hocuspocus/provider-previous'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { decodeServerMessage } from '../schema/messages.ts'
import { callServer, roomPath } from './support/http.ts'
import { newRoom, type StoredEntry } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { syncMessage } from './support/raw-messages.ts'
import { type SessionWorld, somethingWaits, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

type Makers = Pick<typeof current, 'HocuspocusProvider' | 'HocuspocusProviderWebsocket'>

describe.skipIf(missing('postgres')).each<[string, Makers]>([
  ['4.8', current],
  ['4.7', previous as unknown as Makers]
])(
  'G1, G9: hasUnsyncedChanges of the stock provider %s',
  (_, { HocuspocusProvider, HocuspocusProviderWebsocket }) => {
    let world: SessionWorld
    const open: { destroy(): void }[] = []
    const releases: (() => Promise<void>)[] = []
    beforeAll(async () => {
      world = await startSessionWorld()
    })
    afterEach(async () => {
      for (const one of open.splice(0).reverse()) one.destroy()
      for (const release of releases.splice(0)) await release()
      await world.slowWrites(0)
    })
    afterAll(() => world[Symbol.asyncDispose]())

    const connect = () => {
      const socket = new HocuspocusProviderWebsocket({
        url: `${world.server.wsUrl}/ws`,
        WebSocketPolyfill: WebSocket,
        delay: 50,
        minDelay: 50,
        maxDelay: 100
      })
      open.push(socket)
      return socket
    }

    const enter = async (
      room: string,
      { role = 'writer', socket = connect(), document = new Y.Doc() } = {}
    ) => {
      const token = await tokenFor(`user-${open.length}`, role)
      const provider = new HocuspocusProvider({ websocketProvider: socket, name: room, document, token })
      provider.attach()
      open.push(provider)
      const text = document.getText('text')
      return { provider, socket, document, text, type: (typed: string) => text.insert(text.length, typed) }
    }
    type Person = Awaited<ReturnType<typeof enter>>

    const settled = async ({ provider }: Person): Promise<void> => {
      await waitUntil(() => provider.isSynced && !provider.hasUnsyncedChanges, {
        about: `${provider.configuration.name} to be synced, ${provider.unsyncedChanges} changes are not`
      })
    }

    const enterSettled = async (room: string, options = {}): Promise<Person> => {
      const person = await enter(room, options)
      await settled(person)
      return person
    }

    const hold = async (): Promise<() => Promise<void>> => {
      const release = await world.holdWrites()
      releases.push(release)
      return async () => {
        releases.splice(releases.indexOf(release), 1)
        await release()
      }
    }

    const textIn = (rows: readonly StoredEntry[]): string => {
      const document = new Y.Doc()
      for (const { update } of rows) Y.applyUpdate(document, update)
      return document.getText('text').toString()
    }
    const stored = async (room: string): Promise<string> => textIn(await world.rows(room))

    const viewed = async (room: string): Promise<unknown> => {
      const answer = await callServer(world.server.url, roomPath(room, '/view'), {
        token: await tokenFor('reader', 'reader')
      })
      return (await answer.json()).data?.text
    }

    /** Asks Postgres whenever the provider says that all is saved, and collects what it had not. */
    const watchForLies = ({ provider, text }: Person, room: string) => {
      const looks: Promise<string | null>[] = []
      provider.on('unsyncedChanges', ({ number }: { number: number }) => {
        if (number > 0) return
        const shown = text.toString()
        looks.push(
          stored(room).then((there) =>
            there.startsWith(shown) ? null : `${there.length} of ${shown.length}`
          )
        )
      })
      return async (): Promise<(string | null)[]> => (await Promise.all(looks)).filter((lie) => lie !== null)
    }

    /** The names of refusals that a provider was told. */
    const listen = ({ provider }: Person): string[] => {
      const refusals: string[] = []
      provider.on('stateless', ({ payload }: { payload: string }) => {
        const message = decodeServerMessage(payload)
        if (message?.type === 'refused') refusals.push(message.code)
      })
      return refusals
    }

    it('stays true until the change is in Postgres, and until then nobody else sees it', async () => {
      const room = newRoom()
      const [ada, ben] = [await enterSettled(room), await enterSettled(room)]
      ada.type('first')
      await settled(ada)
      const release = await hold()
      ada.type(' second')
      await somethingWaits(world)
      expect(ada.provider.hasUnsyncedChanges).toBe(true)
      expect(ben.text.toString()).toBe('first')
      expect(await viewed(room)).toBe('first')
      await release()
      await settled(ada)
      expect(await stored(room)).toBe('first second')
      await waitUntil(() => ben.text.toString() === 'first second', { about: 'the other to see it' })
    })

    it('stays true of 20 changes made offline until all of them are in Postgres', async () => {
      await world.slowWrites(100)
      const room = newRoom()
      const ada = await enterSettled(room)
      const lies = watchForLies(ada, room)
      ada.socket.disconnect()
      await waitUntil(() => ada.socket.status === 'disconnected', { about: 'the socket to be closed' })
      for (let change = 0; change < 20; change++) ada.type(`${change} ${'x'.repeat(100_000)}`)
      await ada.socket.connect()
      await settled(ada)
      expect(await stored(room)).toBe(ada.text.toString())
      expect(await lies()).toEqual([])
    })

    it('tells the truth to somebody who types on while they come back', async () => {
      await world.slowWrites(20)
      const room = newRoom()
      const [ada, ben] = [await enterSettled(room), await enterSettled(room)]
      const lies = watchForLies(ada, room)
      for (let round = 0; round < 5; round++) {
        ada.socket.disconnect()
        await waitUntil(() => ada.socket.status === 'disconnected', { about: 'the socket to be closed' })
        for (let change = 0; change < 5; change++) ada.type('o')
        void ada.socket.connect()
        for (let change = 0; change < 40; change++) {
          ada.type('t')
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        await settled(ada)
      }
      expect(await lies()).toEqual([])
      await waitUntil(() => ben.text.toString() === ada.text.toString(), {
        about: 'the other to have it all'
      })
    })

    it('stays true of a change that builds on one which never arrived', async () => {
      const room = newRoom()
      const [ada, ben] = [await enterSettled(room), await enterSettled(room)]
      const refusals = listen(ada)
      const { send } = ada.socket
      ada.socket.send = () => {}
      ada.type('lost')
      ada.socket.send = send
      ada.type(' and found')
      await waitUntil(() => refusals.includes('update-incomplete'), { about: 'the refusal' })
      ben.type('meanwhile')
      await settled(ben)
      expect(ada.provider.unsyncedChanges).toBe(2)
      expect(await stored(room)).toBe('meanwhile')
    })

    it('stays true of all that follows something refused, and others do not notice', async () => {
      const room = newRoom()
      const [ada, ben] = [await enterSettled(room), await enterSettled(room)]
      const refusals = listen(ada)
      ada.socket.send(syncMessage(room, 2, Uint8Array.of(1, 2, 3)))
      ada.type('later')
      await waitUntil(() => refusals.length > 0, { about: 'the refusal' })
      ben.type('meanwhile')
      await settled(ben)
      expect(refusals).toEqual(['update-malformed'])
      expect(ada.provider.hasUnsyncedChanges).toBe(true)
      expect(await stored(room)).toBe('meanwhile')
      await waitUntil(() => ada.text.toString().includes('meanwhile'), {
        about: 'what others write to be shown'
      })
    })

    it('is false of a reader who reads, and stays true of one who writes', async () => {
      const room = newRoom()
      const ada = await enterSettled(room)
      ada.type('to be read')
      await settled(ada)
      const document = new Y.Doc()
      Y.applyUpdate(document, Y.encodeStateAsUpdate(ada.document))
      const ben = await enterSettled(room, { role: 'reader', document })
      const refusals = listen(ben)
      ben.type('!')
      await waitUntil(() => refusals.length > 0, { about: 'the refusal' })
      ada.type(', and reread')
      await settled(ada)
      await waitUntil(() => ben.text.toString().includes('reread'), { about: 'the reader to go on reading' })
      expect(refusals).toEqual(['read-only'])
      expect(ben.provider.hasUnsyncedChanges).toBe(true)
      expect(await stored(room)).toBe('to be read, and reread')
    })

    it('is told for each of several rooms on one socket', async () => {
      const socket = connect()
      const [good, bad] = [newRoom(), newRoom()]
      const people = [
        await enterSettled(good, { socket }),
        await enterSettled(bad, { socket, role: 'reader' })
      ] as const
      for (const person of people) person.type('x')
      await settled(people[0])
      expect(people[1].provider.hasUnsyncedChanges).toBe(true)
      expect(await stored(good)).toBe('x')
    })

    it('becomes false for whoever comes just when the last one leaves', async () => {
      const room = newRoom()
      let last = await enterSettled(room)
      for (let turn = 0; turn < 25; turn++) {
        const next = enter(room)
        last.provider.destroy()
        last.socket.destroy()
        last = await next
        last.type('o')
        await settled(last)
      }
      expect(await stored(room)).toBe('o'.repeat(25))
    })

    it('goes with what others are shown: that is in Postgres by then', async () => {
      await world.slowWrites(30)
      const room = newRoom()
      const [ada, ben] = [await enterSettled(room), await enterSettled(room)]
      const looks: Promise<boolean>[] = []
      ben.document.on('update', () => {
        const shown = ben.text.toString()
        looks.push(stored(room).then((there) => there.startsWith(shown)))
      })
      for (let change = 0; change < 10; change++) {
        ada.type(String(change))
        await settled(ada)
      }
      await waitUntil(() => ben.text.toString() === '0123456789', { about: 'the other to see all of it' })
      expect(await Promise.all(looks)).toEqual(looks.map(() => true))
    })
  }
)
