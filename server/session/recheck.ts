/**
 * What somebody may do is asked again while they are in a room: at once where the change was made on this node, within
 * seconds where another node made it, and when what was taken for a time has ended.
 */
import { errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import { now } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Authority } from '../room/authorize.ts'
import { startRounds } from '../rounds.ts'
import type { Connection } from './connection.ts'
import type { Session } from './session.ts'

export interface Recheck {
  /** Who belongs to the room, or as what, was changed here: all who are in it, or in one that belongs to it, have it at once. */
  changed(room: RoomName): Promise<void>
  /** Somebody came in: what was changed since they were let in counts. */
  entered(session: Session, address: string): void
  close(): Promise<void>
}

export interface RecheckParts {
  readonly authority: Authority
  readonly logger: Logger
  readonly sessions: () => ReadonlySet<Session>
}

const roundMs = 1_000
/** Everybody is asked about once in so many rounds, a part in each; on a very full node more seldom. */
const partsOfAll = 3
const partMax = 1_000

export const createRecheck = ({ authority, logger, sessions }: RecheckParts): Recheck => {
  /** Up to where they were asked about. */
  let place = 0
  const recheckSome = async (): Promise<void> => {
    let total = 0
    for (const { connections } of sessions()) total += connections.size
    const from = place < total ? place : 0
    place = from + Math.min(partMax, Math.ceil(total / partsOfAll))
    const at = now()
    const asked: Promise<void>[] = []
    let index = 0
    for (const session of sessions()) {
      for (const connection of session.connections.values()) {
        const isDue = (index >= from && index < place) || hasEnded(connection, at)
        if (isDue) asked.push(recheck(authority, session, connection))
        index++
      }
    }
    await Promise.all(asked)
  }
  const rounds = startRounds({
    everyMs: roundMs,
    about: 'asking what people may do',
    logger,
    work: recheckSome
  })

  return {
    async changed(room) {
      authority.forget(room)
      const isConcerned = concernedBy(authority, room)
      const due: Promise<void>[] = []
      for (const session of sessions()) {
        for (const connection of session.connections.values())
          if (isConcerned(connection.room.name)) due.push(recheck(authority, session, connection))
      }
      await Promise.all(due)
      for (const session of sessions()) {
        for (const connection of session.connections.values())
          if (connection.room.name === room) connection.tellMembers()
      }
    },
    entered(session, address) {
      const connection = session.connections.get(address)
      if (connection === undefined) return
      recheck(authority, session, connection).catch((error: unknown) =>
        logger.error({ err: error, room: connection.room.name }, 'not asked again what somebody may do')
      )
    },
    close: () => rounds.stop()
  }
}

/** Whether a room is this one or belongs to it; of many connections few rooms are asked about. */
const concernedBy = (authority: Authority, room: RoomName): ((other: RoomName) => boolean) => {
  const known = new Map<RoomName, boolean>()
  return (other) => {
    const isConcerned = known.get(other) ?? authority.lineage(other).includes(room)
    known.set(other, isConcerned)
    return isConcerned
  }
}

const hasEnded = ({ access }: Connection, at: number): boolean =>
  access.escalations.some(({ until }) => until <= at)

const recheck = async (authority: Authority, session: Session, connection: Connection): Promise<void> => {
  const { address, room } = connection
  const isHere = (): boolean => session.connections.get(address) === connection
  const { identity } = connection.access
  try {
    const access = await authority.authorize(identity, room.name, { isRecheck: true })
    // A token may have been renewed meanwhile: that was asked about by itself.
    if (isHere() && connection.access.identity === identity) connection.changeAccess(access)
  } catch (error) {
    if (!(error instanceof RoomlogError)) throw error
    // While Postgres is away people go on with what they had.
    if (!errorCodes[error.reason].retry && isHere()) session.expelFrom(address, error.reason)
  }
}
