/** G7: whoever reads too slowly costs a bounded part of the node's memory, and is never silently skipped. */
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { awarenessMessage, syncMessage } from './support/raw-messages.ts'
import { documentOf, openReaderRoom, valueBytes } from './support/reader-world.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

const MiB = 1024 ** 2
const anHour = '3600000'
/** A thousand is the soak. */
const megabytes = Number(process.env.ROOMLOG_TEST_UNREAD_MEGABYTES ?? 16)
/** With fewer, what snapshots take in their worker hides what a reader takes. */
const weighedMegabytesMin = 256
/** More than the buffers of two sockets on this machine hold. */
const unreadMegabytes = 14

const worlds: SessionWorld[] = []
const startWorld = async (env: Record<string, string> = {}): Promise<SessionWorld> => {
  const world = await startSessionWorld({
    LOG_LEVEL: 'error',
    ROOMLOG_BYTES_PER_SECOND_MAX: '4GiB',
    ...env
  })
  worlds.push(world)
  return world
}
afterEach(async () => {
  for (const world of worlds) {
    expect(world.server.ending()).toBeUndefined()
    expect(world.server.stderr()).toBe('')
    await world.closeAll()
  }
})
afterAll(async () => {
  for (const world of worlds) await world[Symbol.asyncDispose]()
})

/** The most that was seen until the result is called, and then. */
const watchMost = (world: SessionWorld) => {
  let [rssBytes, unsentBytes] = [0, 0]
  const look = async (): Promise<void> => {
    const stats = await world.stats()
    rssBytes = Math.max(rssBytes, stats.memory.rssBytes)
    unsentBytes = Math.max(unsentBytes, stats.unsentBytes)
  }
  const timer = setInterval(() => void look(), 50)
  return async () => {
    clearInterval(timer)
    await look()
    return { rssBytes, unsentBytes }
  }
}

describe.skipIf(missing('postgres'))('G7: a reader that stops reading', { timeout: 900_000 }, () => {
  it('costs the node less than its limit, and gets one update for all that was written meanwhile', async () => {
    // To write a thousand megabytes takes longer than a reader may stand still.
    const world = await startWorld({ ROOMLOG_STALL_TIMEOUT_MS: anHour, ROOMLOG_IDLE_TIMEOUT_MS: anHour })
    const { room, document, read, overwrite } = await openReaderRoom(world)
    const quick = await read()
    const followed = follow(quick)
    // The same without anybody who is slow, and that again: what a node takes for that is no part of the question.
    await overwrite(megabytes)
    const before = watchMost(world)
    await overwrite(2 * megabytes)
    const usual = await before()
    const slow = await read()
    slow.socket.pause()
    const during = watchMost(world)
    await overwrite(megabytes)
    const most = await during()
    expect(most.unsentBytes).toBeGreaterThan(0)
    expect(most.unsentBytes).toBeLessThan(2 * MiB)
    if (megabytes >= weighedMegabytesMin) expect(most.rssBytes - usual.rssBytes).toBeLessThan(16 * MiB)
    const values = (megabytes * MiB) / valueBytes
    expect(slow.ending).toBeNull()
    slow.socket.resume()
    const shown = document.getMap('values').toJSON()
    await waitUntil(
      () => JSON.stringify(documentOf(slow, room).getMap('values').toJSON()) === JSON.stringify(shown),
      { about: 'the slow one to have it too', everyMs: 100, timeoutMs: 60_000 }
    )
    await waitUntil(() => JSON.stringify(followed.getMap('values').toJSON()) === JSON.stringify(shown), {
      about: 'the quick one to have it',
      timeoutMs: 60_000
    })
    const { length, bytes } = sizeOf(slow.heard)
    console.log(
      `${megabytes} MiB unread: rss ${((most.rssBytes - usual.rssBytes) / MiB).toFixed(1)} MiB more, ` +
        `${(most.unsentBytes / MiB).toFixed(2)} MiB unsent at most, ${length} updates of ${(bytes / MiB).toFixed(1)} MiB heard`
    )
    expect(length).toBeLessThan(values)
    expect(await world.refusals('too-slow')).toBe(0)
  })

  it('has an update that was not committed when it read on, and all that follows', async () => {
    const world = await startWorld()
    const { room, document, read, overwrite, change } = await openReaderRoom(world)
    const slow = await read()
    slow.socket.pause()
    await overwrite(unreadMegabytes)
    const goOn = await world.holdWrites()
    const changed = change((edited) => edited.getText('text').insert(0, 'waits'))
    await waitUntil(async () => (await world.stats()).waitingEntries > 0, { about: 'an entry to wait' })
    slow.socket.resume()
    await waitUntil(async () => (await world.stats()).unsentBytes === 0, { about: 'what waited to be read' })
    await slow.settled()
    expect(documentOf(slow, room).getText('text').toString()).toBe('')
    await goOn()
    await changed
    await change((edited) => edited.getText('text').insert(5, ', then goes on'))
    await waitUntil(() => documentOf(slow, room).getText('text').toString() === 'waits, then goes on', {
      about: 'what waited, and what followed',
      everyMs: 50
    })
    const values = documentOf(slow, room).getMap('values').toJSON()
    expect(values).toEqual(document.getMap('values').toJSON())
  })

  it('is shown presence as it is when it reads on, not each change that there was', async () => {
    const world = await startWorld()
    const { room, writer, read, overwrite } = await openReaderRoom(world)
    const [slow, quick, leaver] = [await read(), await read(), await read()]
    const changes = 40
    const show = (clock: number) => writer.send(awarenessMessage(room, [{ id: 1, clock, state: { clock } }]))
    leaver.send(awarenessMessage(room, [{ id: 2, clock: 1, state: { here: true } }]))
    await waitUntil(() => statesHeard(slow).get(2) !== undefined, { about: 'the other to be seen' })
    slow.socket.pause()
    await overwrite(unreadMegabytes)
    const before = quick.count('awareness')
    for (let clock = 1; clock <= changes; clock++) {
      show(clock)
      await waitUntil(() => isAt(statesHeard(quick).get(1), clock), { about: `change ${clock}`, everyMs: 2 })
    }
    await leaver.close()
    await waitUntil(() => statesHeard(quick).get(2) === null, { about: 'it to be seen that the other left' })
    expect(quick.count('awareness') - before).toBeGreaterThan(changes)
    const heard = slow.count('awareness')
    slow.socket.resume()
    await waitUntil(() => isAt(statesHeard(slow).get(1), changes) && statesHeard(slow).get(2) === null, {
      about: 'presence as it is'
    })
    expect(slow.count('awareness') - heard).toBeLessThan(4)
  })

  it('is sent away by name when it has read nothing for too long, to come back', async () => {
    const world = await startWorld({ ROOMLOG_STALL_TIMEOUT_MS: '1000' })
    const { read, overwrite } = await openReaderRoom(world)
    const [slow, quick] = [await read(), await read()]
    slow.socket.pause()
    await overwrite(unreadMegabytes)
    await waitUntil(async () => (await world.refusals('too-slow')) === 1, { about: 'it to be sent away' })
    expect(quick.ending).toBeNull()
    await waitUntil(async () => (await world.stats()).unsentBytes === 0, { about: 'nothing to wait' })
    slow.socket.resume()
  })

  it('is sent away by name when what it asks for itself is more than may wait', async () => {
    const world = await startWorld({ ROOMLOG_SESSION_BACKLOG_BYTES_MAX: '1MiB' })
    const { room, read, change } = await openReaderRoom(world)
    await change((edited) => edited.getText('text').insert(0, 'x'.repeat(2 * MiB)))
    const slow = await read()
    slow.socket.pause()
    await waitUntil(
      async () => {
        slow.send(syncMessage(room, 0, Uint8Array.of(0)))
        return (await world.refusals('too-slow')) === 1
      },
      { about: 'it to be sent away', everyMs: 200, timeoutMs: 30_000 }
    )
    slow.socket.resume()
  })
})

describe.skipIf(missing('postgres'))('G7: many readers that stop reading', { timeout: 120_000 }, () => {
  it('in one room share what waits for them', async () => {
    const world = await startWorld()
    const { read, overwrite } = await openReaderRoom(world)
    const slow = await Promise.all(Array.from({ length: 6 }, read))
    for (const { socket } of slow) socket.pause()
    await overwrite(unreadMegabytes)
    const { unsentBytes } = await world.stats()
    expect(unsentBytes).toBeGreaterThan(0.5 * MiB)
    expect(unsentBytes).toBeLessThan(3 * MiB)
    for (const { socket } of slow) socket.resume()
  })

  it('cost a node no more than its limit, and get what they lack when they read on', async () => {
    const bound = 2 * MiB
    const world = await startWorld({ ROOMLOG_UNSENT_BYTES_MAX: `${bound / MiB}MiB` })
    const rooms = await Promise.all(Array.from({ length: 3 }, () => openReaderRoom(world)))
    const slow = await Promise.all(rooms.map(({ read }) => read()))
    for (const { socket } of slow) socket.pause()
    const most = watchMost(world)
    for (const { overwrite } of rooms) await overwrite(unreadMegabytes)
    const { unsentBytes } = await most()
    expect(unsentBytes).toBeGreaterThan(0.5 * MiB)
    expect(unsentBytes).toBeLessThan(bound)
    for (const { socket } of slow) socket.resume()
    for (const [index, { room, document }] of rooms.entries()) {
      const reader = slow[index]
      if (reader === undefined) throw new RangeError('no reader')
      const shown = JSON.stringify(document.getMap('values').toJSON())
      await waitUntil(() => JSON.stringify(documentOf(reader, room).getMap('values').toJSON()) === shown, {
        about: 'it to be equal',
        everyMs: 100,
        timeoutMs: 30_000
      })
    }
  })
})

describe.skipIf(missing('postgres'))('a room of many', { timeout: 120_000 }, () => {
  it('is shown several changes as one, and ends equal', async () => {
    const world = await startWorld()
    const { room, document, writer, change } = await openReaderRoom(world)
    const token = await tokenFor('ben', 'reader')
    const readers = await Promise.all(
      Array.from({ length: 210 }, async () => {
        const reader = await world.open()
        await reader.enter(room, { token })
        return reader
      })
    )
    const before = (await world.rows(room)).length
    const changed: Promise<void>[] = []
    for (let at = 0; at < 100; at++) {
      changed.push(change((edited) => edited.getText('text').insert(at, 'x')))
      await writer.settled()
    }
    await Promise.all(changed)
    const entries = (await world.rows(room)).length - before
    const text = document.getText('text').toString()
    for (const reader of readers) {
      await waitUntil(() => documentOf(reader, room).getText('text').toString() === text, {
        about: 'all to have it'
      })
      expect(reader.count('update')).toBeLessThan(entries)
    }
  })
})

const isAt = (state: unknown, clock: number): boolean =>
  typeof state === 'object' && state !== null && 'clock' in state && state.clock === clock

/** What this one makes of what it hears, which is not remembered otherwise. */
const follow = (reader: RawClient): Y.Doc => {
  const document = new Y.Doc()
  reader.socket.on('message', () => {
    for (const heard of reader.heard.splice(0)) {
      if (heard.kind === 'update' || heard.kind === 'step2') Y.applyUpdate(document, heard.payload)
    }
  })
  return document
}

/** The last state that was heard of each client id. */
const statesHeard = (reader: RawClient): Map<number, unknown> => {
  const states = new Map<number, unknown>()
  for (const heard of reader.heard) {
    if (heard.kind === 'awareness') for (const { id, state } of heard.entries) states.set(id, state)
  }
  return states
}

const sizeOf = (heard: readonly { kind: string; payload?: Uint8Array }[]) => {
  const updates = heard.filter(({ kind }) => kind === 'update')
  return {
    length: updates.length,
    bytes: updates.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0)
  }
}
