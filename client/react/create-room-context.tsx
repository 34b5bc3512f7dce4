import { type Context, createContext, type ReactNode, useCallback, useContext, useEffect } from 'react'
import type { Action } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { LiveStorage, LiveText } from '../../schema/live-storage.ts'
import type { StorageShape, StorageSnapshot } from '../../schema/storage-words.ts'
import type { RoomLog } from '../log.ts'
import type { User } from '../presence.ts'
import type { ConnectionEvent, Escalation, Rights, Room, RoomError, RoomFailure, Status } from '../room.ts'
import type { RosterEntry } from '../roster.ts'
import type { SyncStatus } from '../sync-status.ts'
import type { UndoHistory, UndoState } from '../undo.ts'
import { createRoomProvider, type RoomProviderProps } from './room-provider.tsx'
import { useLatest } from './use-latest.ts'
import { useSelected, useStore } from './use-store.ts'
import { type BoundText, useRoomText } from './use-text.ts'

type Equal<T> = (a: T, b: T) => boolean

export interface MutationContext<St extends StorageShape, P, R extends string> {
  readonly storage: LiveStorage<St>
  readonly self: User<P, R> | null
  readonly others: readonly User<P, R>[]
  setMyPresence(patch: Partial<P>): void
}

export interface RoomHooks<St extends StorageShape, P, R extends string> {
  /** Enters the room while it is mounted; the children are rendered when it is ready. */
  RoomProvider(props: RoomProviderProps<P>): ReactNode
  useRoom(): Room<St, P, R>
  useStatus(): Status
  /** Why nothing is tried any more: signed out, removed, deleted. */
  useFailure(): RoomFailure | null
  useRights(): Rights<R> | null
  /**
   * May you do it now? For showing what can be done; the server refuses the rest.
   *
   * @param path as in `items`, `items/i1`, `items/i1/start`; left out: anywhere
   */
  useCan(action: Action, path?: string): boolean
  /** Who belongs to the room, whether they are here or not: the highest roles first. */
  useRoster(): readonly RosterEntry<R>[]
  useSyncStatus(options?: { readonly smooth?: boolean }): SyncStatus
  useStorage(): StorageSnapshot<St>
  useStorage<T>(select: (root: StorageSnapshot<St>) => T, isEqual?: Equal<T>): T
  /** A function of stable identity that runs `change` in one transaction; needs no list of dependencies. */
  useMutation<A extends unknown[], T>(
    change: (context: MutationContext<St, P, R>, ...args: A) => T
  ): (...args: A) => T
  useText(select: (root: LiveStorage<St>) => LiveText | undefined): BoundText<P, R>
  useOthers(): readonly User<P, R>[]
  useOthers<T>(select: (others: readonly User<P, R>[]) => T, isEqual?: Equal<T>): T
  useSelf(): User<P, R> | null
  useSelf<T>(select: (self: User<P, R> | null) => T, isEqual?: Equal<T>): T
  useMyPresence(): readonly [Readonly<P>, (patch: Partial<P>) => void]
  useUpdateMyPresence(): (patch: Partial<P>) => void
  useHistory(): UndoState & Pick<UndoHistory, 'undo' | 'redo' | 'pause' | 'resume' | 'clear'>
  /** The newest entries of the log, for as long as somebody looks. */
  useLog(): RoomLog | null
  useErrorListener(listener: (error: RoomError) => void): void
  useLostConnectionListener(listener: (event: ConnectionEvent) => void): void
  useEscalationListener(listener: (escalation: Escalation) => void): void
}

/** The provider and the hooks of one kind of room, typed by its definition. */
export const createRoomContext = <St extends StorageShape, P, R extends string>(
  definition: RoomDefinition<St, P, R>
): RoomHooks<St, P, R> => {
  const context = createContext<Room<St, P, R> | null>(null)
  const { useRoom } = { useRoom: () => useRoomOf(context, definition.kind) }
  return {
    RoomProvider: createRoomProvider({ definition, context }),
    useRoom,
    ...storageHooks(useRoom),
    ...presenceHooks(useRoom),
    ...connectionHooks(useRoom)
  }
}

const useRoomOf = <T,>(context: Context<T | null>, kind: string): T => {
  const room = useContext(context)
  if (room !== null) return room
  throw new Error(
    `No ${kind} room here: put the component into the <RoomProvider id="…"> that was made with this hook`
  )
}

type UseRoom<St extends StorageShape, P, R extends string> = () => Room<St, P, R>

const storageHooks = <St extends StorageShape, P, R extends string>(useRoom: UseRoom<St, P, R>) => ({
  useStorage: <T = StorageSnapshot<St>>(
    select: (root: StorageSnapshot<St>) => T = itself,
    isEqual?: Equal<T>
  ): T => useSelected(useRoom().snapshot, select, isEqual),

  useMutation: <A extends unknown[], T>(change: (context: MutationContext<St, P, R>, ...args: A) => T) => {
    const room = useRoom()
    const latest = useLatest(change)
    return useCallback(
      (...args: A): T =>
        room.mutate((storage) => {
          const [self, others] = [room.self.get(), room.others.get()]
          return latest.current({ storage, self, others, setMyPresence: room.updatePresence }, ...args)
        }),
      [room, latest]
    )
  },

  useText: (select: (root: LiveStorage<St>) => LiveText | undefined) => useRoomText(useRoom(), select),

  useHistory: () => {
    const { history } = useRoom()
    const { undo, redo, pause, resume, clear } = history
    return { ...useStore(history), undo, redo, pause, resume, clear }
  },

  useLog: () => useStore(useRoom().log)
})

const presenceHooks = <St extends StorageShape, P, R extends string>(useRoom: UseRoom<St, P, R>) => ({
  useOthers: <T = readonly User<P, R>[]>(
    select: (others: readonly User<P, R>[]) => T = itself,
    isEqual?: Equal<T>
  ): T => useSelected(useRoom().others, select, isEqual),

  useSelf: <T = User<P, R> | null>(select: (self: User<P, R> | null) => T = itself, isEqual?: Equal<T>): T =>
    useSelected(useRoom().self, select, isEqual),

  useMyPresence: () => {
    const room = useRoom()
    return [useStore(room.presence), room.updatePresence] as const
  },

  useRoster: () => useStore(useRoom().roster),

  useUpdateMyPresence: () => useRoom().updatePresence
})

const connectionHooks = <St extends StorageShape, P, R extends string>(useRoom: UseRoom<St, P, R>) => ({
  useStatus: () => useStore(useRoom().status),

  useFailure: () => useStore(useRoom().failure),

  useCan: (action: Action, path?: string) => {
    const room = useRoom()
    useStore(room.rights)
    return room.can(action, path)
  },

  useRights: () => useStore(useRoom().rights),

  useSyncStatus: ({ smooth = true }: { readonly smooth?: boolean } = {}) => {
    const room = useRoom()
    return useStore(smooth ? room.smoothSyncStatus : room.syncStatus)
  },

  useErrorListener: (listener: (error: RoomError) => void) => {
    const room = useRoom()
    const latest = useLatest(listener)
    useEffect(() => room.onError((error) => latest.current(error)), [room, latest])
  },

  useLostConnectionListener: (listener: (event: ConnectionEvent) => void) => {
    const room = useRoom()
    const latest = useLatest(listener)
    useEffect(() => room.onConnection((event) => latest.current(event)), [room, latest])
  },

  useEscalationListener: (listener: (escalation: Escalation) => void) => {
    const room = useRoom()
    const latest = useLatest(listener)
    useEffect(() => room.onEscalated((escalation) => latest.current(escalation)), [room, latest])
  }
})

/** The selector of a hook that is called without one: its T is what the store holds. */
const itself = <T,>(value: unknown): T => value as T
