import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { costsOf, type Load, predict, scaleTo, sessionsPerNode } from '../bench/capacity.ts'
import { withTables } from '../bench/capacity-page.ts'
import { readResults } from '../bench/results.ts'

const page = join(import.meta.dirname, '../docs/capacity.md')

test('docs/capacity.md has the tables of the figures that were kept', async () => {
  const text = await readFile(page, 'utf8')
  expect(text).toBe(withTables(text, readResults()))
})

/** Round figures, so that what follows from them can be worked out by hand. */
const measured = {
  latency: {
    roomlog: { serverMicroseconds: 416, postgresMicroseconds: 201 },
    'raw commit': { ackP50: 0.5 }
  },
  throughput: { roomlog: { serverMicroseconds: 10, postgresMicroseconds: 1 } },
  'fan-out': { roomlog: { slowMicroseconds: 3, slowFrames: 0.5 } },
  presence: { roomlog: { microseconds: 0.5 } },
  connections: {
    roomlog: { microseconds: 200, kilobytes: 10 },
    'roomlog, many': { megabytesBefore: 100, kilobytes: 10 },
    'roomlog, rooms written': { kilobytes: 15 }
  },
  wal: { roomlog: { walBytes: 300 } },
  'two-nodes': { 'roomlog, 2 nodes': { redisCommands: 2, redisMicroseconds: 5, redisBytes: 400 } }
}
const results = Object.fromEntries(
  Object.entries(measured).map(([name, figures]) => [
    name,
    { date: '2026-11-20', commit: 'none', processor: 'none', runs: 1, figures }
  ])
)
const load: Load = {
  sessions: 1_000,
  awakeRooms: 100,
  entriesPerSecond: 2_000,
  framesPerSecond: 10_000,
  statesPerSecond: 1_000,
  connectsPerSecond: 10,
  bytesOutPerSecond: 1_000_000
}

test('the model adds up what was measured', () => {
  const costs = costsOf(results)
  if (costs === null) throw new Error('a cost is missing')
  // 500 entries a second came in 400 commits: (416 - 10 - 6) × 500 / 400.
  expect(costs.commit.value).toBeCloseTo(500)
  const { commitsPerSecond, serverCores, bytes, postgresCores, walBytesPerSecond } = predict(load, costs)
  expect(commitsPerSecond).toBeCloseTo(1_000)
  expect(serverCores).toBeCloseTo(0.5 + 0.02 + 0.06 + 0.0005 + 0.002)
  expect(postgresCores).toBeCloseTo(0.25 + 0.002)
  expect(bytes).toBe(100 * 1024 ** 2 + 1_000 * 10 * 1024 + 100 * 10 * 1024)
  expect(walBytesPerSecond).toBe(600_000)
})

test('a node is filled with as many sessions of a mix as its core takes', () => {
  const costs = costsOf(results)
  if (costs === null) throw new Error('a cost is missing')
  const sessions = sessionsPerNode(load, costs, 0.6)
  expect(predict(scaleTo(load, sessions), costs).serverCores).toBeLessThanOrEqual(0.6)
  expect(predict(scaleTo(load, sessions + 1), costs).serverCores).toBeGreaterThan(0.6)
})

test('the model says nothing while a figure is missing', () => {
  const { wal, ...others } = results
  expect(wal).toBeDefined()
  expect(costsOf(others)).toBeNull()
})
