/**
 * A story: a plan that is acted out in a world, and what turned out not to hold.
 *
 *   phase: steps, faults among them ──▶ while they last: nothing was promised that is not in the log
 *          all is mended            ──▶ nobody who left is shown
 *          everybody is back        ──▶ everybody meets: all checks
 */
import { act, mend } from './act.ts'
import { checkIdle } from './check-idle.ts'
import { checkMeeting } from './check-meeting.ts'
import { checkMemory } from './check-memory.ts'
import { checkNewcomers } from './check-newcomers.ts'
import { checkAbsence, checkPresence } from './check-presence.ts'
import { checkHonest, checkPromises, readAudited } from './check-promises.ts'
import { checkReplicas } from './check-replicas.ts'
import type { Client } from './client.ts'
import { eventually } from './eventually.ts'
import type { Plan } from './plan.ts'
import { ProviderClient } from './provider-client.ts'
import { SocketClient } from './socket-client.ts'
import { writerToken } from './tokens.ts'
import type { Violation } from './violation.ts'
import type { World } from './world.ts'

export interface Story {
  readonly world: World
  readonly rooms: readonly string[]
  readonly clients: readonly Client[]
  readonly figures: Figures
  /** A newcomer with empty hands. */
  newcomer(room: string, node: number): Promise<Client>
}

export interface Figures {
  /** What a node took of its machine at most, after it had forgotten what it could; 0: none is a process of its own. */
  memoryBytes: number
  /** So many entries have something that another node was writing as well, for a client that came from there. */
  repeats: number
}

export interface Outcome extends Readonly<Figures> {
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
    ...story.figures,
    failedIn,
    violations
  })
  try {
    for (const [index, { steps }] of plan.phases.entries()) {
      const before = acknowledged(clients)
      const underWay = await act(steps, story)
      await world.healPostgres()
      const broken = await checkPromises(story)
      acknowledgedInFaults += acknowledged(clients) - before
      await Promise.all(underWay)
      await mend(story)
      const ghosts = await eventually(() => checkAbsence(story))
      for (const client of clients) client.comeBack()
      const found = [...broken, ...ghosts]
      const violations = found.length > 0 ? found : await checkAll(story)
      if (violations.length > 0) return outcome(index, violations)
    }
  } finally {
    for (const client of clients) client.close()
  }
  for (const room of plan.rooms) {
    const log = await readAudited(world, room)
    story.figures.repeats += 'audit' in log ? log.audit.repeats : 0
  }
  const left = await eventually(() => checkIdle(story))
  return outcome(left.length > 0 ? plan.phases.length : null, left)
}

const acknowledged = (clients: readonly Client[]): number =>
  clients.reduce((sum, { ledger }) => sum + ledger.acknowledged, 0)

const openStory = async (plan: Plan, world: World): Promise<Story> => {
  const open = async (name: string, room: string, node: number, isStock: boolean): Promise<Client> => {
    const token = await writerToken(name)
    const parts = {
      name,
      room,
      node,
      token,
      isStock,
      addressOf: (wanted: number) => addressOf(world, wanted)
    }
    return isStock ? ProviderClient.open(parts) : new SocketClient(parts)
  }
  const clients = await Promise.all(
    plan.clients.map(({ name, room, node, isStock }) => open(name, plan.rooms[room] ?? '', node, isStock))
  )
  let newcomers = 0
  return {
    world,
    rooms: plan.rooms,
    clients,
    figures: { memoryBytes: 0, repeats: 0 },
    newcomer: (room, node) => open(`newcomer-${newcomers++}`, room, node, false)
  }
}

const addressOf = ({ nodes }: World, wanted: number): string | null => {
  const inOrder = [...nodes.slice(wanted), ...nodes.slice(0, wanted)]
  return inOrder.find(({ address }) => address !== null)?.address?.wsUrl ?? null
}

const checkAll = async (story: Story): Promise<readonly Violation[]> => {
  // What asks nobody comes first: it is looked at again and again until it holds.
  const apart = await eventually(async () => checkMeeting(story))
  if (apart.length > 0) return apart
  return [
    ...(await eventually(() => checkReplicas(story))),
    ...(await checkNewcomers(story)),
    ...(await eventually(() => checkPresence(story))),
    ...(await checkPromises(story)),
    ...(await checkMemory(story)),
    ...checkHonest(story)
  ]
}
