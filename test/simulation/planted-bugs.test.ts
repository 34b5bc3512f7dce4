/** Do the stories find anything? Each of these bugs is put into a copy of the server, and found. */
import { describe, expect, inject, test } from 'vitest'
import { missing } from '../support/missing.ts'
import { type PlantedBug, playWith } from './planted-bug.ts'

const seedsMax = 20
const nodes = 3

const bugs: readonly (PlantedBug & { readonly foundBy: RegExp })[] = [
  {
    name: 'an acknowledgement that does not wait for the commit',
    file: 'server/session/connection.ts',
    right: 'const since = this.#inboxSince\n    this.room.whenCommitted((error) => {\n',
    wrong: 'const since = this.#inboxSince\n    queueMicrotask(() => {\n      const error = null\n',
    foundBy: /^ {2}! what is acknowledged is in the log: /m
  },
  {
    name: 'people who stay when their node is gone',
    file: 'server/presence/presence.ts',
    right: '    const lost = this.#replicas.drop(node)\n',
    wrong: '    const lost = this.#replicas.statementsOf(node)\n',
    foundBy: /^ {2}! presence is true: .* is shown .* who left/m
  },
  {
    name: 'a gap that is found and not filled',
    file: 'server/room/follower.ts',
    right: '      this.catchUp().catch(() => this.#catchUpSoon(retryMs))\n',
    wrong: '',
    foundBy:
      /^ {2}! (everybody comes back, is saved, and meets: .*it has seen|all replicas are what the log folds to)/m
  }
]

describe.skipIf(missing('postgres'))('a simulation', () => {
  test.each(bugs)(
    `finds $name within ${seedsMax} seeds`,
    { timeout: 240_000 },
    async ({ foundBy, ...bug }) => {
      const options = ['--nodes', String(nodes), '--seed', '1', '--seeds', String(seedsMax)]
      const { code, output } = await playWith(bug, options, inject('postgres').url ?? '')
      expect(output).toMatch(foundBy)
      expect(output).toMatch(/^ {2}replay: npm run simulate -- --fast --nodes 3 --seed \d+ --seeds 1$/m)
      expect(code).toBe(1)
      console.log(`${bug.name}: found by seed ${/--seed (\d+) --seeds 1$/m.exec(output)?.[1]}`)
    }
  )
})
