/**
 * A story: a plan that is acted out in a world, and what turned out not to hold.
 *
 *   phase: steps, faults among them ──▶ while they last: nothing was promised that is not in the log
 *          all is mended            ──▶ everybody meets: all checks
 */
import { seededRandom } from '../support/seeded-random.ts'
import { checkIdle } from './check-idle.ts'
import { checkNewcomers, unsettled } from './check-newcomers.ts'
import { checkPresence } from './check-presence.ts'
import { checkHonest, checkPromises } from './check-promises.ts'
import { checkReplicas } from './check-replicas.ts'
import { Client } from './client.ts'
import { eventually } from './eventually.ts'
import type { Plan } from './plan.ts'
import type { Step } from './step.ts'
import { writerToken } from './tokens.ts'
import type { Violation } from './violation.ts'
import type { World } from './world.ts'

export interface Story {
  readonly world: World
  readonly rooms: readonly string[]
  readonly clients: readonly Client[]
  /** A newcomer with empty hands. */
  newcomer(room: string, node: number): Promise<Client>
}

export interface Outcome {
  readonly plan: Plan
  readonly edits: number
  /** So many edits were acknowledged while the faults of their phase lasted. */
  readonly acknowledgedInFaults: number
  /** The phase, from 0, in which something did not hold; null: all did. */
  readonly failedIn: number | null
  readonly violations: readonly Violation[]
}

export const playStory = async (plan: Plan, world: World): Promise<Outcome> => {
  const story = await openStory(plan, world)
  const { clients } = story
  let acknowledgedInFaults = 0
  const outcome = (failedIn: number | null, violations: readonly Violation[]): Outcome => ({
    plan,
    edits: clients.reduce((sum, { ledger }) => sum + ledger.edits.length, 0),
    acknowledgedInFaults,
    failedIn,
    violations
  })
  try {
    for (const [index, { steps }] of plan.phases.entries()) {
      const before = acknowledged(clients)
      const underWay = await act(steps, story)
      const broken = await checkPromises(story)
      acknowledgedInFaults += acknowledged(clients) - before
      await Promise.all(underWay)
      await mend(story)
      const violations = broken.length > 0 ? broken : await checkAll(story)
      if (violations.length > 0) return outcome(index, violations)
    }
  } finally {
    for (const client of clients) client.close()
  }
  const left = await eventually(() => checkIdle(story))
  return outcome(left.length > 0 ? plan.phases.length : null, left)
}

const acknowledged = (clients: readonly Client[]): number =>
  clients.reduce((sum, { ledger }) => sum + ledger.acknowledged, 0)

const openStory = async (plan: Plan, world: World): Promise<Story> => {
  const open = async (name: string, room: string, node: number): Promise<Client> =>
    new Client({
      name,
      room,
      node,
      token: await writerToken(name),
      addressOf: (wanted) => addressOf(world, wanted)
    })
  const clients = await Promise.all(
    plan.clients.map(({ name, room, node }) => open(name, plan.rooms[room] ?? '', node))
  )
  let newcomers = 0
  return {
    world,
    rooms: plan.rooms,
    clients,
    newcomer: (room, node) => open(`newcomer-${newcomers++}`, room, node)
  }
}

const addressOf = ({ nodes }: World, wanted: number): string | null => {
  const inOrder = [...nodes.slice(wanted), ...nodes.slice(0, wanted)]
  return inOrder.find(({ address }) => address !== null)?.address?.wsUrl ?? null
}

/** Does what the plan says; returns what takes longer than that. */
const act = async (steps: readonly Step[], story: Story): Promise<Promise<void>[]> => {
  const underWay: Promise<void>[] = []
  for (const step of steps) {
    if (step.do === 'wait') await story.world.wait(step.ticks)
    else if (step.do === 'restart')
      underWay.push(story.world.nodes[step.node]?.restart() ?? Promise.resolve())
    else take(step, story)
  }
  return underWay
}

const take = (step: Exclude<Step, { do: 'wait' | 'restart' }>, { clients, world }: Story): void => {
  if (step.do === 'crash') return crash(step.node, clients, world)
  if (step.do === 'database') return world.nodes[step.node]?.failDatabase(step.fault, step.times)
  const client = clients[step.client]
  if (client === undefined) throw new RangeError(`there is no client ${step.client}`)
  switch (step.do) {
    case 'edit': {
      const random = seededRandom(step.seed)
      for (let left = step.times; left > 0; left--) client.edit(random)
      return
    }
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
const crash = (node: number, clients: readonly Client[], { nodes }: World): void => {
  const dead = nodes[node]?.address?.wsUrl
  nodes[node]?.crash()
  for (const client of clients) if (client.address === dead) client.cut()
}

const mend = async ({ world, clients }: Story): Promise<void> => {
  await Promise.all(world.nodes.map((node) => node.heal()))
  for (const client of clients) {
    client.readOn()
    client.comeBack()
  }
}

const checkAll = async (story: Story): Promise<readonly Violation[]> => {
  const { clients } = story
  const away = await eventually(async () => clients.filter(({ isSettled }) => !isSettled).map(unsettled))
  if (away.length > 0) return away
  return [
    ...(await eventually(() => checkReplicas(story))),
    ...(await checkNewcomers(story)),
    ...(await eventually(() => checkPresence(story))),
    ...(await checkPromises(story)),
    ...checkHonest(story)
  ]
}
