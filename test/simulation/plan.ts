/**
 * What happens in a story, all of it from its seed: the same seed is the same plan, always.
 *
 *   seed ──▶ phases ──▶ steps: edits, pauses, faults
 *
 * How the steps meet what the network and the database do meanwhile differs from run to run, as in life: a seed repeats
 * what is done, not the moment at which a frame arrives.
 */
import { type Random, seededRandom } from '../support/seeded-random.ts'
import { databaseFaults, type Fault, type FaultName, type Step } from './step.ts'

/** What a plan may be about. */
export interface Scene {
  readonly nodes: number
  readonly rooms: number
  readonly clients: number
  /** So many of the clients are providers as their makers deliver them. */
  readonly stockClients: number
  readonly phases: number
  /** What may go wrong; what stands here twice does so twice as often. */
  readonly faults: readonly FaultName[]
  /** So many edits are made in a row at most. */
  readonly editsMax: number
  /** So many ticks are waited between two steps at most. */
  readonly ticksMax: number
}

export interface Phase {
  readonly steps: readonly Step[]
}

export interface ClientPlan {
  readonly name: string
  readonly room: number
  /** Where it connects first. */
  readonly node: number
  readonly isStock: boolean
}

export interface Plan {
  readonly seed: number
  readonly rooms: readonly string[]
  readonly clients: readonly ClientPlan[]
  readonly phases: readonly Phase[]
}

const faultsPerPhaseMax = 3

export const planStory = (seed: number, scene: Scene): Plan => {
  const random = seededRandom(seed)
  return {
    seed,
    rooms: times(scene.rooms, (room) => `document/simulated-${seed}-${room}`),
    clients: times(scene.clients, (client) => ({
      name: `c${client}`,
      room: client % scene.rooms,
      node: random.below(scene.nodes),
      isStock: client < scene.stockClients
    })),
    phases: times(scene.phases, () => planPhase(random, scene))
  }
}

const planPhase = (random: Random, scene: Scene): Phase => {
  const steps: Step[] = [...someEdits(random, scene)]
  for (let left = 1 + random.below(faultsPerPhaseMax); left > 0; left--) {
    steps.push({ do: 'wait', ticks: random.below(scene.ticksMax) }, planFault(random, scene))
    steps.push(...someEdits(random, scene))
  }
  steps.push({ do: 'wait', ticks: random.below(scene.ticksMax) })
  return { steps }
}

function* someEdits(random: Random, { clients, editsMax, ticksMax }: Scene): Iterable<Step> {
  for (let left = 1 + random.below(clients); left > 0; left--) {
    yield {
      do: 'edit',
      client: random.below(clients),
      times: 1 + random.below(editsMax),
      seed: random.below(2 ** 32)
    }
    if (random.chance(50)) yield { do: 'wait', ticks: random.below(ticksMax / 4) }
  }
}

const planFault = (random: Random, { faults, clients, nodes }: Scene): Fault => {
  const name = random.pick(faults)
  const node = random.below(nodes)
  const client = random.below(clients)
  switch (name) {
    case 'cut':
    case 'move':
      return { do: name, client, node }
    case 'leave':
    case 'stop-reading':
      return { do: name, client }
    case 'crash':
      return { do: name, node, withClients: random.chance(50) }
    case 'database':
      return { do: name, node, fault: random.pick(databaseFaults), times: 1 + random.below(3) }
    case 'bus':
      return {
        do: name,
        lost: random.below(60),
        repeated: random.below(40),
        late: random.below(60),
        seed: random.below(2 ** 32)
      }
    case 'postgres':
      return { do: name, how: random.pick(['kill', 'stop', 'pause'] as const) }
    case 'redis':
      return { do: name, how: random.pick(['kill', 'pause', 'wipe'] as const) }
    case 'flood':
      return { do: name, client, characters: 64 * 1024, times: 20 + random.below(80) }
    default:
      return { do: name, node }
  }
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
