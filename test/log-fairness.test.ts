import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { entry, follow, type LogWorld, newRoom, openLogWorld, seqsTo, told } from './support/log-world.ts'

let world: LogWorld
beforeAll(async () => {
  world = await openLogWorld('pglite')
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

describe('a room that has piled up entries', () => {
  it('does not keep another waiting for all of them, and has its own in their order', async () => {
    const node = await world.node()
    const [busy, other] = [follow(newRoom()), follow(newRoom())]
    const count = 5_000
    node.append(busy.log, 'ada', entry('1'), null)
    node.kick()
    // The first batch is on its way: all of these wait.
    for (let seq = 2; seq <= count; seq++) node.append(busy.log, 'ada', entry(String(seq)), null)
    node.append(other.log, 'ben', entry('alone'), null)
    let committedBefore = 0
    node.whenCommitted(other.log, () => {
      committedBefore = busy.log.head
    })
    expect(await node.flush(10_000)).toBe(true)
    expect(committedBefore).toBeLessThan(count / 2)
    expect(told(other)).toEqual([[1, 'alone']])
    expect(told(busy)).toEqual(seqsTo(count).map((seq) => [seq, String(seq)]))
  })

  it('has them written in their order when it goes on while they wait', async () => {
    const node = await world.node()
    const [busy, others] = [follow(newRoom()), Array.from({ length: 5 }, () => follow(newRoom()))]
    let seq = 0
    const pile = (): void => {
      for (let index = 0; index < 700; index++) {
        node.append(busy.log, 'ada', entry(String(++seq)), null)
        for (const { log } of others) node.append(log, 'ben', entry(String(seq)), null)
      }
    }
    pile()
    node.kick()
    pile()
    node.whenCommitted(busy.log, () => pile())
    expect(await node.flush(10_000)).toBe(true)
    for (const room of [busy, ...others])
      expect(told(room)).toEqual(seqsTo(seq).map((at) => [at, String(at)]))
    expect([node.waitingEntries, node.waitingBytes]).toEqual([0, 0])
  })
})
