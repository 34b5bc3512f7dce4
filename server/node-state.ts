import type { Cluster } from './cluster/cluster.ts'
import type { Health } from './log/health.ts'
import type { Overload } from './overload.ts'
import type { Stage } from './readiness.ts'

export interface NodeStateParts {
  readonly cluster: Cluster
  readonly health: Pick<Health, 'isAble'>
  readonly sessions: ReadonlySet<{ readonly isPaused: boolean }>
  readonly overload: Overload
  readonly stage: Stage
}

/** How this node stands, for those who watch many. */
export const stateOf = ({ cluster, health, sessions, overload, stage }: NodeStateParts) => ({
  pausedSessions: [...sessions].filter(({ isPaused }) => isPaused).length,
  nodes: cluster.nodes.others.size + 1,
  databaseUp: Number(health.isAble),
  redisUp: Number(cluster.bus.isUp),
  overloaded: Number(overload.isOverloaded),
  draining: Number(stage.isLeaving)
})
