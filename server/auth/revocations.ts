import { RoomlogError } from '../../schema/error-codes.ts'
import { now } from '../clock.ts'
import type { Queryable } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import { type Rounds, startRounds } from '../rounds.ts'
import type { Identity } from './identity.ts'

export interface Revocation {
  readonly userId?: string | undefined
  readonly tokenId?: string | undefined
}

export interface Revocations {
  /**
   * From now on refuses the token, or all tokens of the user that were issued up to this second: a token issued
   * in a later one is good. Resolves when it is written down, for `revocationDays`.
   *
   * @throws RoomlogError 'too-many' at the bound, because a revocation must not be forgotten for a newer one;
   *   'unavailable': it holds here, until a restart
   */
  add(what: Revocation): Promise<void>
  has(identity: Identity): boolean
  /** Tells of each revocation which identities it ends. The returned function stops that. */
  listen(listener: (isAffected: (identity: Identity) => boolean) => void): () => void
  /** Reads what is written down, now and then every few seconds what other nodes have added. */
  load(): Promise<void>
  /** Reads what other nodes have added, now. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** Tokens that are good for longer than this should not be issued. */
export const revocationDays = 400
export const revocationsMax = 100_000
const pollMs = 5_000
/** A row may become visible after one that was made later: the newest few seconds are read again. */
const overlapMs = 60_000

type Listener = (isAffected: (identity: Identity) => boolean) => void

export const createRevocations = (database: Queryable, logger: Logger): Revocations => {
  const users = new Map<string, number>()
  const tokens = new Set<string>()
  const listeners = new Set<Listener>()
  let newestAt = 0
  let rounds: Rounds | null = null

  const hold = ({ userId, tokenId }: Revocation, at: number): void => {
    const isNew =
      (userId !== undefined && (users.get(userId) ?? 0) < at) ||
      (tokenId !== undefined && !tokens.has(tokenId))
    if (!isNew) return
    if (users.size + tokens.size >= revocationsMax)
      throw new RoomlogError('too-many', `${revocationsMax} revocations are kept at most`)
    if (userId !== undefined) users.set(userId, at)
    if (tokenId !== undefined) tokens.add(tokenId)
    for (const listener of listeners)
      listener(
        ({ user, tokenId: id, issuedAt }) => id === tokenId || (user.id === userId && (issuedAt ?? 0) <= at)
      )
  }
  const read = async (): Promise<void> => {
    const since = new Date(Math.max(0, newestAt - overlapMs))
    const rows = await database.query<{ subject: string; at: Date }>(selectRevocations, [since])
    for (const { subject, at } of rows) {
      hold(toRevocation(subject), at.getTime())
      newestAt = Math.max(newestAt, at.getTime())
    }
  }

  return {
    async add(what) {
      const at = now()
      hold(what, at)
      for (const subject of subjectsOf(what))
        await database.query(insertRevocation, [subject, new Date(at), revocationDays])
    },
    has({ user, tokenId, issuedAt }) {
      if (tokens.has(tokenId)) return true
      const revokedAt = users.get(user.id)
      // A token says when it was issued in whole seconds.
      return revokedAt !== undefined && (issuedAt ?? 0) <= revokedAt
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async load() {
      await database.query('delete from revocation where expires_at < now()')
      await read()
      rounds = startRounds({ everyMs: pollMs, about: 'revocations of other nodes', logger, work: read })
    },
    refresh: read,
    async close() {
      await rounds?.stop()
    }
  }
}

const subjectsOf = ({ userId, tokenId }: Revocation): readonly string[] => [
  ...(userId === undefined ? [] : [`user:${userId}`]),
  ...(tokenId === undefined ? [] : [`token:${tokenId}`])
]

const toRevocation = (subject: string): Revocation => {
  const about = subject.slice(subject.indexOf(':') + 1)
  return subject.startsWith('user:') ? { userId: about } : { tokenId: about }
}

const selectRevocations = `
select subject, at from revocation where at > $1::timestamptz and expires_at > now() order by at`

const insertRevocation = `
insert into revocation (subject, at, expires_at)
values ($1::text, $2::timestamptz, now() + make_interval(days => $3::int8::int))
on conflict (subject) do update set at = greatest(revocation.at, excluded.at), expires_at = excluded.expires_at`
