/**
 * Which way a connection goes. A WebSocket is the best; an event stream with posts gets through where WebSockets are
 * blocked, and short answers get through where something holds an event stream back.
 *
 *   websocket ──does not open or answer, or dies young twice──▶ stream ──the same──▶ poll
 *       ▲                                                        │                  │
 *       └────── a WebSocket gets through again, or nothing does ─┴──────────────────┘
 *
 * Whatever the server ends by name got through.
 */

export type Way = 'websocket' | 'stream' | 'poll'
/** What an app may ask for: `auto` is the best that gets through. */
export type Transport = 'auto' | 'websocket' | 'stream'

/** How an attempt, or the connection that it became, ended. */
export interface Ended {
  /** The server said something. */
  readonly wasHeard: boolean
  /** The server ended it, and said why. */
  readonly isNamed: boolean
  /** How long it was open. */
  readonly openMs: number
  /** There was an answer, or time for one: something in between does not pass it on. */
  readonly isHeldBack: boolean
}

export interface Ways {
  readonly current: Way
  /** The current one ended. @returns whether another one is worth trying at once */
  ended(how: Ended): boolean
  /** WebSockets get through again. */
  reopened(): void
}

/** What dies sooner may have been cut by something that does not know it. */
const youngMs = 10_000
const deathsMax = 2

export const createWays = (transport: Transport): Ways => {
  const first: Way = transport === 'stream' ? 'stream' : 'websocket'
  let current: Way = first
  let youngDeaths = 0

  const goOn = (way: Way): void => {
    current = way
    youngDeaths = 0
  }
  const hasFailed = ({ wasHeard, isNamed, openMs }: Ended): boolean => {
    if (isNamed || (wasHeard && openMs >= youngMs)) youngDeaths = 0
    else if (wasHeard) youngDeaths++
    return !isNamed && (!wasHeard || youngDeaths >= deathsMax)
  }

  return {
    get current() {
      return current
    },
    ended: (how) => {
      if (!hasFailed(how) || transport === 'websocket') return false
      const next = nextAfter(current, how)
      goOn(next ?? first)
      return next !== null
    },
    reopened: () => {
      current = 'websocket'
      // One that dies young again is no reason to wait for another.
      youngDeaths = deathsMax - 1
    }
  }
}

/** null: nothing gets through now. */
const nextAfter = (way: Way, { wasHeard, isHeldBack }: Ended): Way | null => {
  if (way === 'websocket') return 'stream'
  return way === 'stream' && (wasHeard || isHeldBack) ? 'poll' : null
}
