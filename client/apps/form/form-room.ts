import { form } from '../../../schema/kinds/form.ts'
import type { Room } from '../../index.ts'
import { createRoomContext } from '../../react/index.ts'

/** What can be asked of the room while there is nothing to show of it. */
export type FormRoom = Pick<Room, 'failure' | 'syncStatus'>

/** The hooks of a form's room. */
export const {
  RoomProvider,
  useErrorListener,
  useHistory,
  useLog,
  useLostConnectionListener,
  useMutation,
  useOthers,
  useRights,
  useRoom,
  useSelf,
  useStorage,
  useSyncStatus,
  useText,
  useUpdateMyPresence
} = createRoomContext(form)
