import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Busy, type Sharer, Turn } from '../server/session/turn.ts'
import { entry, follow, type LogWorld, newRoom, openLogWorld } from './support/log-world.ts'
import { waitUntil } from './support/wait-until.ts'

let world: LogWorld
beforeAll(async () => {
  world = await openLogWorld('pglite')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

describe('somebody who types beside others who have piled up much', () => {
  it('is applied after one share of all that, and written before it', async () => {
    const node = await world.node()
    const turn = new Turn(node)
    const [piled, typed] = [follow(newRoom()), follow(newRoom())]
    const applied: string[] = []
    const writing = (who: string, { log }: typeof piled): Busy => ({
      apply: () => {
        applied.push(who)
        node.append(log, who, entry('x'), null)
      }
    })
    let waiting = 4
    const sharer = (left = 10): Sharer => ({
      endTurn: () => left > 0,
      takeShare() {
        if (--left === 0) waiting--
        turn.join(writing('piled', piled))
        turn.share(this)
      }
    })
    for (const one of [sharer(), sharer(), sharer(), sharer()]) turn.wait(one)
    for (let key = 0; key < 10; key++) {
      turn.join(writing('typed', typed))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await waitUntil(() => waiting === 0 && node.waitingEntries === 0, { about: 'all to be written' })
    expect(applied.slice(0, 20)).toEqual(Array.from({ length: 10 }, () => ['typed', 'piled']).flat())
  })
})
