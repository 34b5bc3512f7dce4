import { response } from '../../../schema/kinds/response.ts'
import type { StorageSnapshot } from '../../../schema/storage-words.ts'
import { createRoomContext } from '../../react/index.ts'

export type ResponseSnapshot = StorageSnapshot<(typeof response)['storage']>

/** Nothing is known of somebody before they have looked at the questions. */
export const initialPresence = { focus: null, caret: null, progress: { answered: 0, asked: 0 } }

/** The hooks of the room of one response. */
export const {
  RoomProvider: ResponseProvider,
  useLog,
  useMutation,
  useOthers,
  useRights,
  useRoom,
  useStorage,
  useSyncStatus,
  useText,
  useUpdateMyPresence
} = createRoomContext(response)
