/** What becomes of the messages between the nodes of one process. */
import type { Bus } from '../../server/cluster/bus.ts'
import { createHub } from '../../server/cluster/local-bus.ts'
import { type Random, seededRandom } from '../support/seeded-random.ts'
import type { BusFault } from './world.ts'

const lateMsMax = 30

export interface BusWeather {
  /** For one life of a node; its number tells it from the others. */
  connect(): { readonly bus: Bus; readonly number: number }
  fail(fault: BusFault): void
  /** Nothing of the node with this number reaches another one, nor the other way round. */
  part(number: number): void
  /** All arrive again; those that were parted learn that they may have missed something, the others do not. */
  heal(): void
}

export const createBusWeather = (): BusWeather => {
  const hub = createHub()
  const parted = new Set<number>()
  let fault: (BusFault & { readonly random: Random }) | null = null
  let count = 0

  const decide = (): void => {
    if (fault === null && parted.size === 0) return hub.setFate(null)
    hub.setFate(({ from, to }) => {
      if (from !== to && (parted.has(from) || parted.has(to))) return []
      return fault === null ? [0] : fateOf(fault, fault.random)
    })
  }
  return {
    connect: () => ({ bus: hub.connect(), number: count++ }),
    fail: (next) => {
      fault = { ...next, random: seededRandom(next.seed) }
      decide()
    },
    part: (number) => {
      parted.add(number)
      decide()
    },
    heal: () => {
      const wasParted = parted.size > 0
      fault = null
      parted.clear()
      decide()
      if (wasParted) hub.reconnect()
    }
  }
}

/** After how many milliseconds it arrives, once for each number. */
const fateOf = ({ lost, repeated, late }: BusFault, random: Random): number[] => {
  const delay = (): number => (random.chance(late) ? 1 + random.below(lateMsMax) : 0)
  if (random.chance(lost)) return []
  return random.chance(repeated) ? [delay(), delay()] : [delay()]
}
