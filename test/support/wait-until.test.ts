import { expect, test } from 'vitest'
import { waitUntil } from './wait-until.ts'

test('waiting resolves with the first truthy value', async () => {
  let tries = 0
  expect(await waitUntil(() => ++tries === 3 && 'third', { about: 'the third try' })).toBe('third')
})

test('waiting in vain says for what, and the last value', async () => {
  const never = waitUntil(() => 0, { about: 'a miracle', timeoutMs: 20 })
  await expect(never).rejects.toThrow('waited 20 ms for a miracle; last: 0')
})

test('a condition that throws is tried again, and its last error is told', async () => {
  let tries = 0
  const failing = waitUntil(
    () => {
      throw new Error(`try ${++tries}`)
    },
    { about: 'no error', timeoutMs: 30 }
  )
  await expect(failing).rejects.toThrow(/last: Error: try \d+/)
  expect(tries).toBeGreaterThan(1)
})
