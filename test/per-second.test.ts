import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { createPerSecond } from '../server/per-second.ts'
import { waitUntil } from './support/wait-until.ts'

const MiB = 1024 ** 2

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')
const heapBytes = (): number => {
  collect()
  return process.memoryUsage().heapUsed
}

describe('what is counted within a second', () => {
  it('is counted for each by itself, and named above the limit', async () => {
    const writes = createPerSecond({ what: 'writes/s', most: 2 })
    await writes.take('ada')
    await writes.take('ada')
    await writes.take('ben')
    await expect(writes.take('ada')).rejects.toMatchObject({
      reason: 'too-many',
      message: '3 writes/s > 2; retry in 1 s',
      retrySeconds: 1
    })
  })

  it('is forgotten afterwards, however many they were', async () => {
    const writes = createPerSecond({ what: 'writes/s', most: 2 })
    await writes.take('nobody')
    const before = heapBytes()
    for (let key = 0; key < 100_000; key++) await writes.take(`key ${key}`)
    const most = heapBytes()
    expect(most - before).toBeGreaterThan(5 * MiB)
    await waitUntil(() => heapBytes() - before < 5 * MiB, { about: 'the keys to be forgotten', everyMs: 200 })
    await writes.take('key 1')
  })
})
