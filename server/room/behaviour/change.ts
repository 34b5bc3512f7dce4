/**
 * Changes that the server works out: a function writes to a copy of a room's document, and what it wrote is applied as
 * one entry, or not at all.
 *
 * The function may wait for other rooms. If this one moves on meanwhile, it runs again on a fresh copy, so that it
 * decides by what its entry comes right after.
 */
import * as Y from 'yjs'
import { adminRole, writeScope } from '../../../schema/access.ts'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { RoomlogError } from '../../../schema/error-codes.ts'
import { createLiveStorage, type LiveStorage } from '../../../schema/live-storage.ts'
import type { RoomName, Seq } from '../../../schema/room-name.ts'
import type { StorageShape, StorageSnapshot } from '../../../schema/storage-words.ts'
import type { Access, User } from '../../auth/identity.ts'
import { now } from '../../clock.ts'
import { applyUpdate, committed, type EditParts, type Position, withOpenRoom } from '../edit.ts'
import type { Room } from '../room.ts'
import { createWorkingCopies, type TakeCopy } from './working-copy.ts'

/** What a change finds, and writes to. */
export interface ChangeContext {
  readonly storage: LiveStorage<StorageShape>
  /** The copy that `storage` writes to. */
  readonly document: Y.Doc
  readonly snapshot: StorageSnapshot<StorageShape>
  /** The entry that the copy goes up to. */
  readonly seq: Seq
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface ChangeRequest<T> {
  /** The author; the guard lets pass what their scope allows. See `inFull` and `serverAccess` for more. */
  readonly by: Access
  /** Only if no other node writes to the room meanwhile, else 'version-conflict'. */
  readonly mustFollow?: boolean
  run(context: ChangeContext): T | Promise<T>
}

export interface Changed<T> extends Position {
  /** False: the function wrote nothing. */
  readonly changed: boolean
  readonly result: T
}

/**
 * Resolves once what the function wrote, and all that it saw, is committed.
 *
 * @throws RoomlogError whatever the guard says; 'version-conflict'; and what the function throws: nothing is changed then
 */
export type Change = <T>(name: RoomName, request: ChangeRequest<T>) => Promise<Changed<T>>

const attemptsMax = 5

export const createChange = (parts: EditParts): Change => {
  const authorIds = createAuthorIds()
  const takeCopy = createWorkingCopies()
  return (name, request) =>
    withOpenRoom(parts, name, async (room) => {
      for (let attempt = 1; attempt <= attemptsMax; attempt++) {
        await room.catchUp()
        const clientId = authorIds(room, request.by.identity.user.id)
        const done = await attemptChange(parts, room, request, clientId, takeCopy)
        if (done !== null) return done
      }
      throw new RoomlogError('resync', `${name} moved on ${attemptsMax} times while it was changed`)
    })
}

/** Like `access`, but with the right to write everything: for what the server does in somebody's name. */
export const inFull = (access: Access): Access => ({
  ...access,
  mayWrite: true,
  scope: writeScope(access.definition, adminRole, access.identity.user.id)
})

/** For what the server does by itself. */
export const serverAccess = (room: RoomName, definition: RoomDefinition): Access => ({
  identity: {
    user: server,
    grants: null,
    isGuest: false,
    isAdmin: true,
    issuedAt: null,
    expiresAt: null,
    tokenId: server.id
  },
  room,
  role: adminRole,
  lastingRole: adminRole,
  mayWrite: true,
  scope: writeScope(definition, adminRole, server.id),
  definition,
  escalations: []
})

/** The author of what nobody asked for. */
const server: User = { id: 'server', name: 'server', color: null, avatar: null }

/** null: the room has moved on meanwhile. */
const attemptChange = async <T>(
  parts: EditParts,
  room: Room,
  { by, run, mustFollow = false }: ChangeRequest<T>,
  clientId: number,
  takeCopy: TakeCopy
): Promise<Changed<T> | null> => {
  const seq = room.length
  const { document, mirror, written, keep, drop } = takeCopy(room, by.definition, clientId)
  let isInStep = false
  try {
    const at = now()
    const storage = createLiveStorage(by.definition, document, (change) => document.transact(change), {
      userId: by.identity.user.id,
      role: by.role,
      at
    })
    const result = await runOn(parts, room, () => run({ storage, document, snapshot: mirror.get(), seq, at }))
    const update = written()
    isInStep = update === null
    if (room.length !== seq || room.brokenBy !== null) return null
    const changed = update !== null && applyUpdate(parts, room, by, update, { clientId, mustFollow })
    isInStep = true
    return { ...(await committed(parts, room)), changed, result }
  } finally {
    if (isInStep) keep()
    else drop()
  }
}

/** Whoever hears of a failure must not hear what a crash could take back. */
const runOn = async <T>(parts: EditParts, room: Room, run: () => T | Promise<T>): Promise<T> => {
  try {
    return await run()
  } catch (error) {
    await committed(parts, room)
    throw error
  }
}

const authorsMax = 1_000

/**
 * The Yjs client id of each author in a room, for as long as the room is open: a new one for each change would stay in
 * the document for ever, and an id belongs to whoever wrote with it first.
 */
const createAuthorIds = () => {
  const known = new WeakMap<Room, Map<string, number>>()
  return (room: Room, author: string): number => {
    const ids = known.get(room) ?? new Map<string, number>()
    known.set(room, ids)
    if (ids.size >= authorsMax) ids.clear()
    const id = ids.get(author) ?? (author === server.id ? room.document.clientID : new Y.Doc().clientID)
    ids.set(author, id)
    return id
  }
}
