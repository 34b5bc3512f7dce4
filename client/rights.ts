import { type Action, can } from '../schema/access.ts'
import type { RoomDefinition } from '../schema/define-room.ts'
import { RoomlogError } from '../schema/error-codes.ts'
import type { Writer } from '../schema/live-storage.ts'
import type { RoomName } from '../schema/room-name.ts'
import type { StorageShape } from '../schema/storage-words.ts'
import { now } from './clock.ts'
import type { Rights } from './room.ts'
import { createStore, type Writable } from './store.ts'

/** What you are and may do in a room, and so what is written in whose name. */
export interface KnownRights<R extends string> extends Writable<Rights<R> | null> {
  readonly who: Writer
  can(action: Action, path?: string): boolean
  /**
   * @param paths what is about to be written, as in `items/i1/start`; none: it is not known yet
   * @throws RoomlogError `read-only` or `path-refused`
   */
  assertMayWrite(paths: readonly string[]): void
}

export const createRights = <St extends StorageShape, P, R extends string>(
  definition: RoomDefinition<St, P, R>,
  name: RoomName
): KnownRights<R> => {
  const rights = createStore<Rights<R> | null>(null)
  return {
    ...rights,
    who: {
      get userId() {
        return rights.get()?.userId ?? ''
      },
      get role() {
        return rights.get()?.role ?? ''
      },
      get at() {
        return now() + (rights.get()?.serverAheadMs ?? 0)
      }
    },
    can: (action, path) => {
      if (path !== undefined) assertKnown(definition, path)
      const known = rights.get()
      if (known === null || (action === 'write' && !known.mayWrite)) return false
      return can(definition, known, action, path)
    },
    assertMayWrite: (paths) => {
      const known = rights.get()
      if (known === null)
        throw new RoomlogError('read-only', `${name}: the server has not said yet what you may do`)
      const { role, mayWrite } = known
      if (!mayWrite)
        throw new RoomlogError('read-only', `${name}: the role ${role} may read it, not write it`)
      const path = paths.find((path) => !can(definition, known, 'write', path))
      if (path !== undefined)
        throw new RoomlogError('path-refused', `${name}: the role ${role} may not write ${path}`, { path })
    }
  }
}

/** A kind without a storage takes any document: it has no keys to know. */
const assertKnown = ({ kind, storage }: Pick<RoomDefinition, 'kind' | 'storage'>, path: string): void => {
  const keys = Object.keys(storage)
  const [key = ''] = path.split('/')
  if (keys.length > 0 && !keys.includes(key))
    throw new TypeError(`${path}: ${kind} has no ${key} in its storage; it has ${keys.join(', ')}`)
}
