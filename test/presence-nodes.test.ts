/** Presence on several nodes, over a bus that loses, repeats, delays and reorders; the clients are stock y-protocols. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fate } from '../server/cluster/local-bus.ts'
import {
  heartbeatMs,
  type PresenceNode,
  PresentClient,
  room,
  startNode,
  startNodes
} from './support/presence-nodes.ts'
import { waitUntil } from './support/wait-until.ts'

const lose: Fate = ({ channel }) => (channel.startsWith('room/') ? [] : [0])

const shows = (client: PresentClient, other: PresentClient, field: object | null): Promise<unknown> =>
  waitUntil(
    () => {
      const state = client.others.get(other.id)
      if (field === null) expect(state).toBeUndefined()
      else expect(state).toMatchObject({ ...field, user: { id: other.userId } })
      return true
    },
    { about: `${other.userId} to be seen as ${JSON.stringify(field)}` }
  )

const [first, second, third] = [0, 1, 2]
const at = (nodes: readonly PresenceNode[], index: number): PresenceNode => {
  const node = nodes[index]
  if (node === undefined) throw new RangeError(`no node ${index}`)
  return node
}

const come = (
  node: PresenceNode,
  userId: string,
  state: Record<string, unknown> = { here: true }
): PresentClient => {
  const client = new PresentClient(userId)
  client.set(state)
  client.connect(node)
  return client
}

describe('G10: presence on several nodes', () => {
  test('is the same on all of them, for whoever comes, moves and leaves', async () => {
    using world = await startNodes(3)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, second), 'ben')]
    await shows(ada, ben, { here: true })
    await shows(ben, ada, { here: true })
    ada.set({ here: 'now' })
    await shows(ben, ada, { here: 'now' })
    const cleo = come(at(world.nodes, third), 'cleo')
    await shows(cleo, ada, { here: 'now' })
    await shows(cleo, ben, { here: true })
    ada.set(null)
    await shows(cleo, ada, null)
    ben.disconnect()
    await shows(cleo, ben, null)
    expect(cleo.others.size).toBe(0)
  })

  test('shows those who are there to a node that opens the room later', async () => {
    using world = await startNodes(2)
    const ada = come(at(world.nodes, first), 'ada')
    const late = startNode(world.hub)
    const ben = come(late, 'ben')
    await shows(ben, ada, { here: true })
    await shows(ada, ben, { here: true })
    late.kill()
  })

  test('lets go of the people of a node that died, and notes when they were seen', async () => {
    using world = await startNodes(3)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, second), 'ben')]
    await shows(ada, ben, { here: true })
    at(world.nodes, second).kill()
    await shows(ada, ben, null)
    expect(at(world.nodes, first).seen).toContain('ben')
  })

  test('of somebody whose node ended is shown to those who were there with them and came to another one first', async () => {
    using world = await startNodes(2)
    const [ada, ben, cleo] = [
      come(at(world.nodes, first), 'ada'),
      come(at(world.nodes, first), 'ben'),
      come(at(world.nodes, second), 'cleo')
    ]
    await shows(cleo, ada, { here: true })
    await shows(cleo, ben, { here: true })
    ben.disconnect()
    await shows(cleo, ben, null)
    ben.connect(at(world.nodes, first))
    await shows(ben, ada, { here: true })
    at(world.nodes, first).kill()
    await shows(cleo, ada, null)
    ada.cut()
    ben.cut()
    ben.connect(at(world.nodes, second))
    await shows(cleo, ben, { here: true })
    ada.connect(at(world.nodes, second))
    await shows(cleo, ada, { here: true })
    await shows(ben, ada, { here: true })
  })

  test('mends what was lost on the way: somebody who came, moved, or left', async () => {
    using world = await startNodes(2)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, second), 'ben')]
    await shows(ben, ada, { here: true })
    world.hub.setFate(lose)
    ada.set({ moved: 1 })
    const cleo = come(at(world.nodes, first), 'cleo')
    await shows(cleo, ada, { moved: 1 })
    world.hub.setFate(null)
    await shows(ben, ada, { moved: 1 })
    await shows(ben, cleo, { here: true })
    world.hub.setFate(lose)
    cleo.disconnect()
    await shows(ada, cleo, null)
    world.hub.setFate(null)
    await shows(ben, cleo, null)
  })

  test('mends a lost leave also of the last one in the room there, which is closed', async () => {
    using world = await startNodes(2)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, second), 'ben')]
    await shows(ben, ada, { here: true })
    world.hub.setFate(lose)
    ada.disconnect()
    at(world.nodes, first).presences.release(room)
    await new Promise((resolve) => setImmediate(resolve))
    world.hub.setFate(null)
    await shows(ben, ada, null)
  })

  test('of somebody who moves to another node stays, however late the one that they left says so', async () => {
    using world = await startNodes(3)
    const ben = come(at(world.nodes, third), 'ben')
    const ada = come(at(world.nodes, first), 'ada')
    await shows(ben, ada, { here: true })
    const old = ada.cut()
    ada.connect(at(world.nodes, second))
    const cleo = come(at(world.nodes, second), 'cleo')
    await shows(cleo, ada, { here: true })
    old.leave()
    // What comes after it shows that it was heard.
    const dan = come(at(world.nodes, first), 'dan')
    await shows(ben, dan, { here: true })
    await shows(cleo, dan, { here: true })
    await shows(ben, ada, { here: true })
    await shows(cleo, ada, { here: true })
    await shows(dan, ada, { here: true })
    ada.set({ on: 'second' })
    for (const client of [ben, cleo, dan]) await shows(client, ada, { on: 'second' })
    ada.disconnect()
    for (const client of [ben, cleo, dan]) await shows(client, ada, null)
  })

  test('of somebody who moves there and back again is theirs', async () => {
    using world = await startNodes(2)
    const ben = come(at(world.nodes, first), 'ben')
    const ada = come(at(world.nodes, first), 'ada', { turn: 0 })
    for (let turn = 1; turn <= 6; turn++) {
      const old = ada.cut()
      ada.connect(at(world.nodes, turn % 2))
      ada.set({ turn })
      await shows(ben, ada, { turn })
      old.leave()
    }
    ada.disconnect()
    await shows(ben, ada, null)
  })

  test('of a client id that is somebody else’s on another node stays theirs (G6)', async () => {
    using world = await startNodes(2)
    const ada = come(at(world.nodes, first), 'ada')
    const [ben, cleo] = [come(at(world.nodes, second), 'ben'), come(at(world.nodes, first), 'cleo')]
    await shows(ben, ada, { here: true })
    const eve = new PresentClient('eve', ada.id)
    eve.set({ forged: true })
    eve.connect(at(world.nodes, second))
    const dan = come(at(world.nodes, second), 'dan')
    await shows(cleo, dan, { here: true })
    for (const client of [ben, cleo, dan]) await shows(client, ada, { here: true })
    eve.disconnect()
    ada.set({ still: 'here' })
    for (const client of [ben, cleo, dan]) await shows(client, ada, { still: 'here' })
  })

  test('of a client id that two take at once, neither node having heard, is shown alike by both (G6)', async () => {
    using world = await startNodes(2)
    const [ben, cleo] = [come(at(world.nodes, first), 'ben'), come(at(world.nodes, second), 'cleo')]
    await shows(ben, cleo, { here: true })
    world.hub.setFate(lose)
    const ada = come(at(world.nodes, first), 'ada')
    await shows(ben, ada, { here: true })
    const eve = new PresentClient('eve', ada.id)
    eve.set({ forged: true })
    await waitUntil(() => Date.now() > (at(world.nodes, first).presence.own.get(ada.id)?.claimedAt ?? 0), {
      about: 'the clock to go on'
    })
    eve.connect(at(world.nodes, second))
    await shows(cleo, eve, { forged: true })
    world.hub.setFate(null)
    await shows(cleo, ada, { here: true })
    await shows(ben, ada, { here: true })
  })

  test('is back after the nodes were cut off from each other, also for a client that moves then', async () => {
    using world = await startNodes(2)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, second), 'ben')]
    for (let outage = 0; outage < 3; outage++) {
      await shows(ben, ada, { here: true })
      world.hub.setFate(({ from, to }) => (from === to ? [0] : []))
      await shows(ben, ada, null)
      world.hub.setFate(null)
    }
    await shows(ben, ada, { here: true })
    // Nobody says anything new: the clocks alone have to be as high there as here.
    const clocks = () => world.nodes.map(({ presence }) => presence.clockOf(ada.id))
    await waitUntil(() => new Set(clocks()).size === 1, { about: 'the same clock on both nodes' })
    ben.disconnect()
    ben.connect(at(world.nodes, first))
    await shows(ben, ada, { here: true })
  })

  test('is shown to whoever moves to a node that has heard of nobody, once it does', async () => {
    using world = await startNodes(3)
    world.hub.setFate(({ from, to }) => (from === to ? [0] : []))
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, first), 'ben')]
    for (const client of [ada, ben]) for (let count = 0; count < 50; count++) client.set({ here: count })
    await shows(ben, ada, { here: 49 })
    await shows(ada, ben, { here: 49 })
    const clocks = [ada, ben].map(({ id }) => at(world.nodes, first).presence.clockOf(id))
    await waitUntil(() => Date.now() > Math.max(...clocks), { about: 'the time to pass their clocks' })
    ben.disconnect()
    ben.connect(at(world.nodes, second))
    ada.disconnect()
    ada.connect(at(world.nodes, third))
    at(world.nodes, first).kill()
    // Nobody says anything new, and both remember with which clock they were shown the other.
    world.hub.setFate(null)
    await shows(ben, ada, { here: 49 })
    await shows(ada, ben, { here: 49 })
  })

  test('has clocks that never get ahead of the time, however often somebody says something', async () => {
    using world = await startNodes(1)
    const { presence } = at(world.nodes, first)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, first), 'ben')]
    for (let count = 0; count < 500; count++) ada.set({ here: count })
    expect(presence.clockOf(ada.id)).toBeLessThanOrEqual(Date.now() + 1)
    for (let count = 0; count < 50; count++) {
      ada.set({ here: { count } })
      await shows(ben, ada, { here: { count } })
    }
    expect(presence.clockOf(ada.id)).toBeLessThanOrEqual(Date.now() + 1)
  })

  test('of somebody’s own tabs is not what an older connection of theirs said', async () => {
    using world = await startNodes(1)
    const [ada, ben] = [come(at(world.nodes, first), 'ada'), come(at(world.nodes, first), 'ben')]
    const tab = come(at(world.nodes, first), 'ada', { tab: 2 })
    await shows(ben, ada, { here: true })
    const old = ada.cut()
    ada.set({ here: 'offline' })
    ada.connect(at(world.nodes, first))
    expect(ada.awareness.getLocalState()).toEqual({ here: 'offline' })
    await shows(ben, ada, { here: 'offline' })
    await shows(ada, tab, { tab: 2 })
    old.leave()
    ada.set({ here: 'again' })
    await shows(ben, ada, { here: 'again' })
    expect(ada.awareness.getLocalState()).toEqual({ here: 'again' })
  })
})

type Step =
  | { readonly do: 'come' | 'leave' | 'say'; readonly who: number; readonly where: number }
  | { readonly do: 'move'; readonly who: number; readonly where: number; readonly isNoticed: boolean }
  | { readonly do: 'fate'; readonly fate: 'good' | 'lossy' | 'late' | 'twice' | 'cut' }
  | { readonly do: 'wait'; readonly ms: number }

const who = fc.integer({ min: 0, max: 4 })
const where = fc.integer({ min: 0, max: 2 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('come' as const, 'leave' as const, 'say' as const), who, where }),
  fc.record({ do: fc.constant('move' as const), who, where, isNoticed: fc.boolean() }),
  fc.record({
    do: fc.constant('fate' as const),
    fate: fc.constantFrom(
      'good' as const,
      'lossy' as const,
      'late' as const,
      'twice' as const,
      'cut' as const
    )
  }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2 * heartbeatMs }) })
)

const nextMillisecond = (): Promise<unknown> => {
  const since = Date.now()
  return waitUntil(() => Date.now() > since + 1, { about: 'the next millisecond', everyMs: 1 })
}

/** Some people on three nodes, and what happened to them. */
class Story {
  readonly people = ['ada', 'ben', 'cleo', 'dan', 'eli'].map((userId) => new PresentClient(userId))
  readonly #unnoticed: (() => void)[] = []
  readonly #world: Awaited<ReturnType<typeof startNodes>>
  readonly #random: () => number
  #said = 0

  constructor(world: Awaited<ReturnType<typeof startNodes>>, random: () => number) {
    this.#world = world
    this.#random = random
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'fate') return this.#world.hub.setFate(this.#fate(step.fate))
    if (step.do === 'wait') return new Promise((resolve) => setTimeout(resolve, step.ms))
    const client = this.people[step.who]
    if (client === undefined) return
    if (step.do === 'say') return client.set({ said: ++this.#said })
    if (step.do === 'come' && client.node === null) {
      client.set({ said: ++this.#said })
      client.connect(at(this.#world.nodes, step.where))
    }
    if (step.do === 'leave') client.disconnect()
    if (step.do !== 'move' || client.node === null) return
    const old = client.cut()
    if (step.isNoticed) old.leave()
    else this.#unnoticed.push(old.leave)
    // As long as any connection takes: whoever came later is known by the time.
    await nextMillisecond()
    client.connect(at(this.#world.nodes, step.where))
  }

  /** Faults stop, and what is dead is noticed to be. Then everybody sees those who are there, and nobody else. */
  async end(): Promise<void> {
    this.#world.hub.setFate(null)
    for (const leave of this.#unnoticed) leave()
    const here = this.people.filter(({ node }) => node !== null)
    await waitUntil(
      () => {
        for (const client of here) {
          const wanted = here.filter((other) => other !== client)
          expect([...client.others.keys()].sort()).toEqual(wanted.map(({ id }) => id).sort())
          for (const other of wanted)
            expect(client.others.get(other.id)).toMatchObject(other.awareness.getLocalState() ?? {})
        }
        return true
      },
      { about: 'everybody to see who is there', timeoutMs: 5_000, everyMs: 20 }
    )
    for (const { wentBack } of this.people) expect(wentBack).toBeNull()
  }

  #fate(fate: Extract<Step, { do: 'fate' }>['fate']): Fate | null {
    const random = this.#random
    const late = (): number => random() * heartbeatMs
    if (fate === 'good') return null
    if (fate === 'lossy') return () => (random() < 0.4 ? [] : [late() / 4])
    if (fate === 'late') return () => [late()]
    if (fate === 'twice') return () => [late(), late()]
    return ({ from, to }) => (from === to ? [0] : [])
  }
}

test('G10: once faults stop, everybody sees those who are there, and nobody else', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 40 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (steps, chance) => {
        using world = await startNodes(3)
        const story = new Story(world, () => chance.next().value ?? 0)
        for (const each of steps) await story.take(each)
        await story.end()
      }
    ),
    { numRuns: 25 }
  )
}, 120_000)
