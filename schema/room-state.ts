import type { RoomState } from './behaviour.ts'
import type { RoomDefinition } from './define-room.ts'
import { kindOf } from './room-name.ts'
import type { StorageShape, StorageSnapshot } from './storage-words.ts'

/** The storage of a room of this kind, typed. @throws TypeError for a room of another kind */
export const storageOf = <St extends StorageShape>(
  { kind }: Pick<RoomDefinition<St>, 'kind' | 'storage'>,
  { room, storage }: RoomState
): StorageSnapshot<St> => {
  if (kindOf(room) !== kind) throw new TypeError(`${room} is no ${kind}`)
  // It was read by the definition of its kind.
  return storage as StorageSnapshot<St>
}
