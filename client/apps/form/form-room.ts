import { form } from '../../../schema/kinds/form.ts'
import type { Room } from '../../index.ts'
import { createRoomContext } from '../../react/index.ts'

/** What can be asked of the room while there is nothing to show of it. */
export type FormRoom = Pick<Room, 'failure' | 'ready' | 'roster' | 'syncStatus'>

/** The hooks of a form's room. */
export const {
  RoomProvider,
  useCan,
  useErrorListener,
  useEscalationListener,
  useHistory,
  useLog,
  useLostConnectionListener,
  useMutation,
  useOthers,
  useRights,
  useRoom,
  useRoster,
  useSelf,
  useStorage,
  useSyncStatus,
  useText,
  useUpdateMyPresence
} = createRoomContext(form)
