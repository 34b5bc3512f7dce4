/** The loads of the benchmark, as commands for any server: what each does to it, and what it measured. */
import { stepDeadlineMs } from '../config.ts'
import type { Target } from '../load/client.ts'
import type { JobOf, LoadName, ResultOf } from '../load/generator.ts'
import type { Percentiles } from '../load/percentiles.ts'
import { runLoad } from '../load/run-load.ts'
import type { Usage, Watched } from '../load/usage.ts'

/** What was asked for, checked. */
export interface Wish {
  readonly target: Target
  readonly token: string | null
  readonly clients: number
  readonly rooms: number
  readonly perSecond: number
  readonly seconds: number
  /** What the names of the rooms begin with. */
  readonly prefix: string
  readonly watched: Watched
}

/** Names with a unit at the end, in the order in which they are shown; null: it does not apply. */
export type StressFigures = Readonly<Record<string, number | null>>

export interface Command {
  readonly about: string
  readonly defaults: Pick<Wish, 'clients' | 'rooms' | 'perSecond'>
  /** What it does to a server, for somebody who has to agree to it. */
  readonly load: (wish: Wish) => string
  readonly run: (wish: Wish) => Promise<StressFigures>
}

const warmUpMs = 1_000
const window = 8
const documentBytes = 20_000
const idleMs = 3_000

const namesOf = ({ prefix, rooms }: Wish): string[] =>
  Array.from({ length: rooms }, (_, index) => `${prefix}-${index}`)

const perRoom = ({ clients, rooms }: Wish): number => Math.max(1, Math.round(clients / rooms))

/** What all loads are told alike. */
const basicsOf = ({ target, token, seconds, watched }: Wish) => ({
  target,
  ...(token === null ? {} : { token }),
  warmUpMs,
  measureMs: seconds * 1_000,
  watched
})

/** Connecting and the last answers take time too; both have an end. */
const bounded = <Name extends LoadName>(
  name: Name,
  job: JobOf<Name>,
  { seconds }: Wish
): Promise<ResultOf<Name>> => runLoad(name, job, () => {}, warmUpMs + seconds * 1_000 + 3 * stepDeadlineMs)

export const commands: Readonly<Record<string, Command>> = {
  typing: {
    about: 'in each room one types and one reads along: how long until it is acknowledged, and seen',
    defaults: { clients: 20, rooms: 10, perSecond: 50 },
    load: (wish) => `${2 * wish.rooms} connections, ${wish.perSecond} key presses/s`,
    run: async (wish) => {
      const { updates, ack, delivery, usage } = await bounded(
        'typeAtPace',
        {
          ...basicsOf(wish),
          names: namesOf(wish),
          rooms: wish.rooms,
          updatesPerSecondPerRoom: wish.perSecond / wish.rooms,
          hasReader: true,
          documentBytes: null
        },
        wish
      )
      return {
        'updates/s': updates / usage.seconds,
        ...percentiles('ack', ack),
        ...percentiles('delivery', delivery),
        ...usageFigures(usage, wish)
      }
    }
  },
  throughput: {
    about: `every client has ${window} key presses on the way and sends one for each that is acknowledged`,
    defaults: { clients: 20, rooms: 10, perSecond: 0 },
    load: (wish) => `${wish.rooms * perRoom(wish)} connections, as many key presses as the server takes`,
    run: async (wish) => {
      const { confirmed, confirm, missing, usage } = await bounded(
        'typeWithWindow',
        {
          ...basicsOf(wish),
          names: namesOf(wish),
          rooms: wish.rooms,
          writersPerRoom: perRoom(wish),
          window,
          holdsDocuments: true
        },
        wish
      )
      return {
        'updates/s': confirmed / usage.seconds,
        ...percentiles('ack', confirm),
        'acknowledged and missing': missing,
        ...usageFigures(usage, wish)
      }
    }
  },
  'fan-out': {
    about: 'one types and all other clients read along, in one room',
    defaults: { clients: 100, rooms: 1, perSecond: 20 },
    load: (wish) => `${wish.clients + 1} connections, ${wish.perSecond * wish.clients} deliveries/s`,
    run: async (wish) => {
      const { arrived, deliveries, delivery, ack, usage } = await bounded(
        'typeToMany',
        {
          ...basicsOf(wish),
          room: `${wish.prefix}-0`,
          readers: wish.clients,
          updatesPerSecond: wish.perSecond
        },
        wish
      )
      return {
        'deliveries/s': deliveries / usage.seconds,
        'arrived, of 1': arrived,
        ...percentiles('delivery', delivery),
        ...percentiles('ack', ack),
        ...usageFigures(usage, wish)
      }
    }
  },
  presence: {
    about: 'all clients are in one room and show where they are to each other',
    defaults: { clients: 50, rooms: 1, perSecond: 50 },
    load: (wish) =>
      `${wish.clients} connections, ${wish.perSecond} states/s, seen ${wish.perSecond * (wish.clients - 1)} times`,
    run: async (wish) => {
      const { expected, seen, delivery, usage } = await bounded(
        'showPresence',
        {
          ...basicsOf(wish),
          room: `${wish.prefix}-0`,
          people: wish.clients,
          statesPerSecond: wish.perSecond / wish.clients
        },
        wish
      )
      return {
        'states seen/s': seen / usage.seconds,
        'delivered, of 1': expected === 0 ? null : seen / expected,
        ...percentiles('seen after', delivery),
        ...usageFigures(usage, wish)
      }
    }
  },
  connections: {
    about: 'clients connect, two to each room, and then do nothing, while ten others type',
    defaults: { clients: 1_000, rooms: 500, perSecond: 50 },
    load: (wish) => `${wish.clients + 10} connections, ${wish.perSecond} key presses/s`,
    run: async (wish) => {
      const result = await bounded(
        'connectMany',
        {
          ...basicsOf(wish),
          prefix: wish.prefix,
          clients: wish.clients,
          perRoom: perRoom(wish),
          secret: null,
          writes: false,
          typists: 10,
          updatesPerSecond: wish.perSecond,
          idleMs: Math.max(idleMs, wish.seconds * 1_000)
        },
        wish
      )
      return {
        connections: result.clients,
        'connections/s': result.clients / result.seconds,
        'server KB/connection': result.grownBytes === null ? null : result.grownBytes / 1024 / result.clients,
        ...percentiles('ack meanwhile', result.ack),
        ...usageFigures(result.usage, wish)
      }
    }
  },
  storm: {
    about: 'all clients are cut at the same moment and come back with what they have',
    defaults: { clients: 200, rooms: 40, perSecond: 0 },
    load: (wish) =>
      `${wish.clients} connections, all made twice, and a document of ${documentBytes / 1000} KB in each room`,
    run: async (wish) => {
      const { lastMs, sync, usage } = await bounded(
        'cutAndReturn',
        { ...basicsOf(wish), rooms: namesOf(wish), clients: wish.clients, documentBytes },
        wish
      )
      return { 'all back: ms': lastMs, ...percentiles('sync', sync), ...usageFigures(usage, wish) }
    }
  },
  live: {
    about:
      'everything at once: rooms with one who types and others who read, presence, newcomers every second',
    defaults: { clients: 50, rooms: 10, perSecond: 50 },
    load: (wish) =>
      `${wish.rooms * perRoom(wish)} connections, ${wish.perSecond} key presses/s, one newcomer a second`,
    run: async (wish) => {
      const live = await bounded(
        'liveOn',
        {
          ...basicsOf(wish),
          rooms: namesOf(wish),
          readersPerRoom: Math.max(0, perRoom(wish) - 1),
          idleClients: 0,
          updatesPerSecond: wish.perSecond,
          statesPerSecond: wish.rooms,
          visitsPerSecond: 1
        },
        wish
      )
      const [first, last] = [live.samples[0]?.bytes ?? null, live.samples.at(-1)?.bytes ?? null]
      return {
        'updates/s': live.updates / live.seconds,
        'deliveries/s': live.deliveries / live.seconds,
        'presence frames/s': live.presenceFrames / live.seconds,
        ...percentiles('ack', live.ack),
        ...percentiles('delivery', live.delivery),
        'server MB at first': first === null ? null : first / 1024 ** 2,
        'server MB at last': last === null ? null : last / 1024 ** 2,
        ...usageFigures(live.usage, wish)
      }
    }
  }
}

const percentiles = (name: string, { p50, p95, p99 }: Percentiles): StressFigures => ({
  [`${name} p50 ms`]: p50,
  [`${name} p95 ms`]: p95,
  [`${name} p99 ms`]: p99
})

const usageFigures = (usage: Usage, { watched }: Wish): StressFigures => ({
  'server cores': watched.server === null ? null : usage.serverSeconds / usage.seconds,
  'generator busy, of 1': usage.generatorBusy
})
