/** Do the stories find anything? Each of these bugs is put into a copy of the server, and found. */
import { describe, expect, inject, test } from 'vitest'
import { missing } from '../support/missing.ts'
import { type PlantedBug, playWith } from './planted-bug.ts'

const seedsMax = 20

const bugs: readonly (PlantedBug & { readonly foundBy: RegExp })[] = [
  {
    name: 'an acknowledgement that does not wait for the commit',
    file: 'server/session/connection.ts',
    right: 'const since = this.#inboxSince\n    this.room.whenCommitted((error) => {\n',
    wrong: 'const since = this.#inboxSince\n    queueMicrotask(() => {\n      const error = null\n',
    foundBy: /^ {2}! what is acknowledged is in the log: /m
  },
  {
    name: 'a presence that stays when its connection is gone',
    file: 'server/session/connection.ts',
    right: '    this.room.presence.leave(this)\n',
    wrong: '',
    foundBy: /^ {2}! presence is true: .* is shown .* who left/m
  }
]

describe.skipIf(missing('postgres'))('a simulation', () => {
  test.each(bugs)(
    `finds $name within ${seedsMax} seeds`,
    { timeout: 240_000 },
    async ({ foundBy, ...bug }) => {
      const options = ['--nodes', '1', '--seed', '1', '--seeds', String(seedsMax)]
      const { code, output } = await playWith(bug, options, inject('postgres').url ?? '')
      expect(output).toMatch(foundBy)
      expect(output).toMatch(/^ {2}replay: npm run simulate -- --fast --nodes 1 --seed \d+ --seeds 1$/m)
      expect(code).toBe(1)
    }
  )
})
