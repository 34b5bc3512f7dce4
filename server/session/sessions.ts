/** All sessions of this node, over whichever wire they come: who may open one, and one sweep that looks after all of them. */
import type { IncomingMessage } from 'node:http'
import { RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import type { Identity } from '../auth/identity.ts'
import { every, monotonic, now } from '../clock.ts'
import type { Config } from '../config.ts'
import { checkOrigin } from '../http/origin.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { createPerSecond } from '../per-second.ts'
import { type AddressOf, networkOf } from '../remote-address.ts'
import type { Authority } from '../room/authorize.ts'
import type { Room } from '../room/room.ts'
import { Debts } from './debts.ts'
import type { Door } from './door.ts'
import { endInSlices } from './drain.ts'
import { Tally } from './limits.ts'
import { type Caller, Session } from './session.ts'
import type { Turn } from './turn.ts'
import type { Unsent } from './unsent.ts'
import type { Wire } from './wire.ts'

export interface SessionsParts {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly authority: Authority
  readonly addressOf: AddressOf
  readonly turn: Turn
  readonly unsent: Unsent
  readonly door: Door
  readonly recentEntries: (room: Room) => Promise<readonly EntryMark[]>
  readonly entered: (session: Session, address: string) => void
  /** @throws RoomlogError 'overloaded' while nobody new is let in */
  assertCalm(): void
}

export interface Sessions {
  readonly all: ReadonlySet<Session>
  /** How many there have been. */
  readonly opened: number
  /** @throws RoomlogError 'too-many', 'draining', 'overloaded', 'origin-refused' */
  admit(request: IncomingMessage): Promise<Caller>
  /** What was admitted becomes a session; `Session.closed` ends it. */
  open(caller: Caller, wire: Wire): Session
  /** Refuses new sessions and asks those that are there to come back elsewhere; resolves when all have been asked. */
  drain(): Promise<void>
  close(): void
}

const sweepMs = 1_000
const userAgentLengthMax = 256

export const createSessions = (parts: SessionsParts): Sessions => {
  const { config, authority } = parts
  const all = new Set<Session>()
  const ofNetworks = new Tally({ what: 'sessions from this address', most: config.sessionsPerAddressMax })
  const ofUsers = new Tally({ what: 'sessions of this user', most: config.sessionsPerUserMax })
  const connects = createPerSecond({
    what: 'connects/s from this address',
    most: config.connectsPerSecondMax
  })
  const debts = new Debts()
  const onClosed = (session: Session): void => {
    all.delete(session)
    ofNetworks.remove(session.caller.network)
  }
  const sessionParts = { ...parts, ofUsers, debts, onClosed }
  let isDraining = false
  let opened = 0

  const stopSweep = every(sweepMs, () => {
    const monotonicNow = monotonic()
    const date = now()
    for (const session of [...all]) session.sweep(monotonicNow, date)
    while (parts.unsent.isFull && endFurthestBehind(all, parts.unsent));
  })
  const stopRevoked = authority.onRevoked((isAffected: (identity: Identity) => boolean) => {
    for (const session of [...all]) session.expel(isAffected, 'token-invalid')
  })

  return {
    all,
    get opened() {
      return opened
    },
    async admit(request) {
      const remoteAddress = parts.addressOf(request)
      const network = networkOf(remoteAddress)
      // Before all else: a storm of connects is answered while that costs least.
      await connects.take(network)
      if (isDraining) throw new RoomlogError('draining', 'this node is about to stop')
      parts.assertCalm()
      const { origin, host, 'user-agent': userAgent = '' } = request.headers
      checkOrigin({ origin, host }, { allowed: config.allowedOrigins, takesGuests: authority.takesGuests })
      ofNetworks.assertRoom(network)
      return { remoteAddress, userAgent: userAgent.slice(0, userAgentLengthMax), network }
    },
    open: (caller, wire) => {
      const session = new Session(sessionParts, caller, wire)
      ofNetworks.add(caller.network)
      all.add(session)
      opened++
      return session
    },
    drain: () => {
      isDraining = true
      return endInSlices([...all], config.drainMsMax)
    },
    close: () => {
      stopSweep()
      stopRevoked()
    }
  }
}

/** @returns false: nobody is behind */
const endFurthestBehind = (sessions: ReadonlySet<Session>, { bytes }: Unsent): boolean => {
  const waiting = [...sessions].filter(({ isOpen, waitingBytes }) => isOpen && waitingBytes > 0)
  const [furthest] = waiting.sort((a, b) => b.waitingBytes - a.waitingBytes)
  furthest?.end('too-slow', `${bytes} bytes unsent on this node, most of them here`)
  return furthest !== undefined
}
