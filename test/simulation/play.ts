import { createDatabase } from '../support/database.ts'
import { openInProcessWorld } from './in-process-world.ts'
import { planStory, type Scene } from './plan.ts'
import { openProcessWorld } from './process-world.ts'
import { fastScene, realScene } from './scenes.ts'
import { type Outcome, playStory } from './story.ts'
import type { World } from './world.ts'

export interface PlayOptions {
  readonly nodes: number
  readonly seeds: Iterable<number>
  /** Called with each outcome; false ends the play after the stories that are under way. */
  readonly onOutcome: (outcome: Outcome) => boolean
}

/** So many stories are played side by side, each in nodes of its own: much of their time is waiting. */
const fastAtOnce = 2

/** Plays a story for each seed with nodes in this process. @param serverUrl a Postgres, as superuser */
export const playFast = async (serverUrl: string, options: PlayOptions): Promise<void> => {
  await using database = await createDatabase(serverUrl)
  const openWorld = () => openInProcessWorld(database.url, options.nodes)
  const stories = playInTurn(openWorld, fastScene(options.nodes), options)
  await Promise.all(Array.from({ length: fastAtOnce }, stories))
}

/** Plays a story for each seed with processes of their own. */
export const playReal = async (options: PlayOptions): Promise<void> =>
  playInTurn(() => openProcessWorld(options.nodes), realScene(options.nodes), options)()

/** One story after the other, in one world as long as all holds. */
const playInTurn = (
  openWorld: () => Promise<World>,
  scene: Scene,
  { seeds, onOutcome }: PlayOptions
): (() => Promise<void>) => {
  const queue = seeds[Symbol.iterator]()
  let isOver = false
  const playOn = async (): Promise<void> => {
    await using world = await openWorld()
    while (!isOver) {
      const next = queue.next()
      if (next.done) return
      const outcome = await playStory(planStory(next.value, scene), world)
      isOver ||= !onOutcome(outcome)
      if (outcome.failedIn !== null) break
    }
    // What did not hold in this world is no matter of the next story.
    if (!isOver) await playOn()
  }
  return playOn
}
