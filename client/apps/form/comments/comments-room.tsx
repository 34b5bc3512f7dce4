import type { ReactNode } from 'react'
import { comments } from '../../../../schema/kinds/comments.ts'
import { createRoomContext } from '../../../react/index.ts'
import { useCommentsPlace } from './comments-place.tsx'

export const {
  RoomProvider,
  useCan,
  useFailure,
  useHistory,
  useOthers,
  useRoom,
  useSelf,
  useStorage,
  useSyncStatus,
  useUpdateMyPresence
} = createRoomContext(comments)

const initialPresence = { thread: null, isWriting: false }

/** Is in the room of the comments while it is mounted; any number of them are in it once. */
export function InComments({ children, fallback }: { children: ReactNode; fallback?: ReactNode }) {
  const { roomId } = useCommentsPlace()
  return (
    <RoomProvider id={roomId} initialPresence={initialPresence} fallback={fallback}>
      <Readable>{children}</Readable>
    </RoomProvider>
  )
}

/** Whoever may not read them any more does not see what was there. */
function Readable({ children }: { children: ReactNode }) {
  return useFailure() === null ? children : null
}
