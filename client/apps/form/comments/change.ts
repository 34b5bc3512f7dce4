import { useCallback } from 'react'
import type { comments } from '../../../../schema/kinds/comments.ts'
import { now } from '../../../clock.ts'
import { type LiveStorage, RoomlogError } from '../../../index.ts'
import { useToast } from '../../ui/toast.tsx'
import { useRoom } from './comments-room.tsx'

type Storage = LiveStorage<(typeof comments)['storage']>

/** Changes the comments: one entry of their own log. @returns false, and says so, when nothing can be written now */
export const useChange = () => {
  const room = useRoom()
  const toast = useToast()
  return useCallback(
    (change: (storage: Storage, at: number) => unknown): boolean => {
      try {
        const at = now() + (room.rights.get()?.serverAheadMs ?? 0)
        room.mutate((storage) => change(storage, at))
        return true
      } catch (error) {
        if (!(error instanceof RoomlogError)) throw error
        toast({ text: 'The comments cannot be changed right now.' })
        return false
      }
    },
    [room, toast]
  )
}
