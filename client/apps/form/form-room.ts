import { form } from '../../../schema/kinds/form.ts'
import { createRoomContext } from '../../react/index.ts'

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
