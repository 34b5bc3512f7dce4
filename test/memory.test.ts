import { afterAll, describe, expect, it } from 'vitest'
import { Burst } from '../server/memory.ts'
import { missing } from './support/missing.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

/** In which windows memory is given back. */
const moments = (windows: readonly [opened: number, utilization: number][]): number[] => {
  const burst = new Burst(1_000)
  return windows.flatMap(([opened, utilization], index) =>
    burst.isOver({ opened, utilization }) ? [index] : []
  )
}

describe('memory is given back', () => {
  it('once, when it has been quiet for three windows after many came', () => {
    const after = Array.from({ length: 6 }, (): [number, number] => [1_000, 0.1])
    expect(moments([[500, 0.9], [1_000, 0.9], ...after])).toEqual([4])
  })

  it('not while they still come, and not while the event loop is busy', () => {
    const coming = Array.from({ length: 6 }, (_, index): [number, number] => [1_000 + index * 200, 0.1])
    const busy = Array.from({ length: 6 }, (): [number, number] => [2_000, 0.3])
    expect(moments([...coming, ...busy])).toEqual([])
  })

  it('not after a few, and again after as many more', () => {
    const quiet = (opened: number) => Array.from({ length: 4 }, (): [number, number] => [opened, 0])
    expect(moments([...quiet(999), ...quiet(1_500), ...quiet(2_400), ...quiet(2_600)])).toEqual([7, 15])
  })
})

describe.skipIf(missing('postgres'))('the server', () => {
  let world: SessionWorld
  afterAll(() => world?.[Symbol.asyncDispose]())

  it('gives memory back after as many sessions as it is told', async () => {
    world = await startSessionWorld({ ROOMLOG_COLLECT_AFTER_SESSIONS: '20', LOG_LEVEL: 'debug' })
    for (let session = 0; session < 20; session++) await world.open()
    await waitUntil(() => world.server.stderr().includes('memory given back'), {
      about: 'memory to be given back',
      timeoutMs: 20_000
    })
  })
})
