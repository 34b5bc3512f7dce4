import { describe, expect, it } from 'vitest'
import { BatchSize } from '../server/log/batch-size.ts'

const bytesOfEntry = 100
/** Commits full statements to a database that takes so long. */
const commit = (size: BatchSize, times: number, msOf: (entries: number) => number): void => {
  for (let time = 0; time < times; time++)
    size.committed(size.entriesMax, size.entriesMax * bytesOfEntry, msOf(size.entriesMax))
}

describe('how much one statement holds', () => {
  it('is all that it may where that costs little', () => {
    const size = new BatchSize()
    commit(size, 50, (entries) => 1 + entries * 0.01)
    expect(size.entriesMax).toBe(2_000)
    expect(size.bytesMax).toBe(4 * 1024 * 1024)
  })

  it('becomes what is committed in about 50 ms, and all again when the database is quick again', () => {
    const size = new BatchSize()
    commit(size, 50, (entries) => 1 + entries * 0.2)
    expect(size.entriesMax).toBeGreaterThan(200)
    expect(size.entriesMax).toBeLessThan(300)
    expect(size.bytesMax).toBeLessThan((4 * 1024 * 1024) / 6)
    commit(size, 100, (entries) => 1 + entries * 0.01)
    expect(size.entriesMax).toBe(2_000)
  })

  it('is never next to nothing, however slow the database is', () => {
    const size = new BatchSize()
    commit(size, 100, (entries) => entries * 100)
    expect(size.entriesMax).toBe(62)
  })

  it('stays what it is where each commit takes long, however little it holds', () => {
    const size = new BatchSize()
    commit(size, 100, (entries) => 200 + entries * 0.01)
    expect(size.entriesMax).toBeGreaterThan(1_500)
  })

  it('is not changed by what did not fill it', () => {
    const size = new BatchSize()
    for (let time = 0; time < 50; time++) size.committed(1, bytesOfEntry, 500)
    expect(size.entriesMax).toBe(2_000)
  })
})
