/** What a plan says, done to a world and its clients. */
import { seededRandom } from '../support/seeded-random.ts'
import type { Client } from './client.ts'
import { cutting, pasting, randomEdit } from './random-edit.ts'
import type { Step } from './step.ts'
import type { World } from './world.ts'

interface Stage {
  readonly world: World
  readonly clients: readonly Client[]
}

/** Does what the plan says; returns what takes longer than that. */
export const act = async (steps: readonly Step[], stage: Stage): Promise<Promise<void>[]> => {
  const underWay: Promise<void>[] = []
  for (const step of steps) {
    if (step.do === 'wait') await stage.world.wait(step.ticks)
    else if (step.do === 'restart') underWay.push(nodeOf(stage, step.node).restart())
    else await take(step, stage)
  }
  return underWay
}

/** All faults end: everything runs, everybody reads. Whoever left is still away. */
export const mend = async ({ world, clients }: Stage): Promise<void> => {
  await world.heal()
  await Promise.all(world.nodes.map((node) => node.heal()))
  for (const client of clients) client.readOn()
}

const take = (step: Exclude<Step, { do: 'wait' | 'restart' }>, stage: Stage): void | Promise<void> => {
  const { world, clients } = stage
  switch (step.do) {
    case 'crash':
      return crash(step, stage)
    case 'stall':
      return nodeOf(stage, step.node).stall()
    case 'silence':
      return nodeOf(stage, step.node).silence()
    case 'partition':
      return nodeOf(stage, step.node).partition()
    case 'database':
      return nodeOf(stage, step.node).failDatabase(step.fault, step.times)
    case 'bus':
      return world.failBus(step)
    case 'postgres':
      return world.failPostgres(step.how)
    case 'redis':
      return world.failRedis(step.how)
    default:
      return takeOf(step, at(clients, step.client))
  }
}

const takeOf = (step: Extract<Step, { readonly client: number }>, client: Client): void => {
  switch (step.do) {
    case 'edit': {
      const random = seededRandom(step.seed)
      for (let left = step.times; left > 0; left--) client.write(randomEdit(random))
      return
    }
    case 'flood':
      for (let left = step.times; left > 0; left--) {
        client.write(pasting(step.characters))
        client.write(cutting(step.characters))
      }
      return
    case 'cut':
      client.cut()
      return client.move(step.node)
    case 'move':
      return client.move(step.node)
    case 'leave':
      return client.leave()
    case 'stop-reading':
      return client.stopReading()
  }
}

/** The network of a dead node carries nothing more. */
const crash = ({ node: index, withClients }: Extract<Step, { do: 'crash' }>, stage: Stage): void => {
  const node = nodeOf(stage, index)
  const dead = node.address?.wsUrl
  if (dead === undefined) return
  const itsClients = stage.clients.filter(({ address }) => address === dead)
  node.crash(() => {
    for (const client of itsClients) client.cut()
  })
  if (withClients) for (const client of itsClients) client.leave()
}

const nodeOf = ({ world }: Stage, index: number) => at(world.nodes, index)

const at = <T>(from: readonly T[], index: number): T => {
  const found = from[index]
  if (found === undefined) throw new RangeError(`there are ${from.length}, none of them is ${index}`)
  return found
}
