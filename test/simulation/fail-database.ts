import type { PostgresProxy } from '../support/postgres-proxy.ts'
import type { DatabaseFault } from './step.ts'

/** The statements that write entries. */
const append = /insert into entry/

/** What Postgres answers in its place. */
const sqlStates = { deadlock: '40P01', 'disk-full': '53100', 'read-only': '25006' } as const

const slowMs = 15

/** From now on, or for the next `times` statements that write entries. */
export const failDatabase = (proxy: PostgresProxy, fault: DatabaseFault, times: number): void => {
  switch (fault) {
    case 'refuse':
      return proxy.refuse()
    case 'silence':
      return proxy.silence()
    case 'cut':
      return proxy.cut()
    case 'slow':
      proxy.delayMs = slowMs
      return
    case 'lose-request':
      return void proxy.fail(append, { lose: 'request' }, times)
    case 'lose-answer':
      return void proxy.fail(append, { lose: 'answer' }, times)
    case 'lose-client':
      return void proxy.fail(append, { lose: 'client' }, times)
    default:
      return void proxy.fail(append, { refuseWith: sqlStates[fault] }, times)
  }
}

/** All is well again: connections that carry nothing any more are found to be dead. */
export const healDatabase = (proxy: PostgresProxy, hasSilence: boolean): void => {
  proxy.heal()
  proxy.admit()
  proxy.delayMs = 0
  if (hasSilence) proxy.cut()
}
