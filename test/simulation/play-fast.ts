import { createDatabase } from '../support/database.ts'
import { openInProcessWorld } from './in-process-world.ts'
import { planStory } from './plan.ts'
import { fastScene } from './scenes.ts'
import { type Outcome, playStory } from './story.ts'

export interface FastOptions {
  /** A Postgres server, as superuser. */
  readonly serverUrl: string
  readonly nodes: number
  readonly seeds: Iterable<number>
  /** So many stories are played side by side, each in nodes of its own: much of their time is waiting. */
  readonly atOnce?: number
  /** Called with each outcome; false ends the play after the stories that are under way. */
  readonly onOutcome: (outcome: Outcome) => boolean
}

/** Plays a story for each seed with nodes in this process, one after the other in each of a few worlds. */
export const playFast = async ({
  serverUrl,
  nodes,
  seeds,
  atOnce = 2,
  onOutcome
}: FastOptions): Promise<void> => {
  await using database = await createDatabase(serverUrl)
  const queue = seeds[Symbol.iterator]()
  let isOver = false
  const playOn = async (): Promise<void> => {
    await using world = await openInProcessWorld(database.url, nodes)
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const outcome = await playStory(planStory(next.value, fastScene(nodes)), world)
      isOver ||= !onOutcome(outcome)
      if (isOver) return
      // What did not hold in this world is no matter of the next story.
      if (outcome.failedIn !== null) return playOn()
    }
  }
  await Promise.all(Array.from({ length: atOnce }, playOn))
}
