/** When everybody has left, nothing of them is left on any node. */
import { callServer } from '../support/http.ts'
import type { Story } from './story.ts'
import { operatorToken } from './tokens.ts'
import type { Violation } from './violation.ts'

const gauges = ['rooms', 'sessions', 'connections', 'waitingEntries', 'waitingBytes'] as const

export const checkIdle = async ({ world }: Story): Promise<Violation[]> => {
  const token = await operatorToken()
  const found = world.nodes.map(async ({ address }, index): Promise<Violation[]> => {
    if (address === null) return []
    const answer = await callServer(address.url, '/api/stats', { token })
    const stats: Record<(typeof gauges)[number], number> = await answer.json()
    const left = gauges.filter((gauge) => stats[gauge] !== 0).map((gauge) => `${stats[gauge]} ${gauge}`)
    if (left.length === 0) return []
    return [
      {
        check: 'nothing is left of those who left',
        room: 'all',
        found: `node ${index} has ${left.join(', ')}`
      }
    ]
  })
  return (await Promise.all(found)).flat()
}
