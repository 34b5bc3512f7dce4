import type { ReactNode, RefCallback } from 'react'
import type { RoomDefinition, StorageShape, StorageSnapshot } from '../../schema/define-room.ts'
import type { RoomLog } from '../log.ts'
import type { User } from '../presence.ts'
import type { ConnectionEvent, Rights, Room, RoomError, Status } from '../room.ts'
import type { LiveStorage, LiveText } from '../storage.ts'
import type { SyncStatus } from '../sync-status.ts'
import type { UndoResult } from '../undo.ts'

type Equal<T> = (a: T, b: T) => boolean

export interface RoomProviderProps<P> {
  readonly id: string
  /** Read once, when the room is entered. */
  readonly initialPresence: P
  /** Shown until there is something to read: the stored copy or the server's. */
  readonly fallback?: ReactNode
  /** Keep a copy on this device; true where the device can. */
  readonly offline?: boolean
  readonly children: ReactNode
}

export interface MutationContext<St extends StorageShape, P, R extends string> {
  readonly storage: LiveStorage<St>
  readonly self: User<P, R> | null
  readonly others: readonly User<P, R>[]
  setMyPresence(patch: Partial<P>): void
}

/** Where others have their cursor or selection in a text: UTF-16 offsets, as the DOM counts. */
export interface TextCaret<P, R extends string> {
  readonly user: User<P, R>
  readonly start: number
  readonly end: number
}

export interface BoundText<P, R extends string> {
  /** For an `<input>` or `<textarea>` without `value`: it shows the text, sends what is typed, keeps the selection. */
  readonly ref: RefCallback<HTMLInputElement | HTMLTextAreaElement>
  readonly value: string
  readonly carets: readonly TextCaret<P, R>[]
}

export interface RoomHooks<St extends StorageShape, P, R extends string> {
  /** Enters the room while it is mounted; the children are rendered when it is ready. */
  RoomProvider(props: RoomProviderProps<P>): ReactNode
  useRoom(): Room<St, P, R>
  useStatus(): Status
  useRights(): Rights<R> | null
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
  useHistory(): {
    readonly canUndo: boolean
    readonly canRedo: boolean
    undo(): UndoResult
    redo(): UndoResult
    pause(): void
    resume(): void
    clear(): void
  }
  /** The newest entries of the log, for as long as somebody looks. */
  useLog(): RoomLog | null
  useErrorListener(listener: (error: RoomError) => void): void
  useLostConnectionListener(listener: (event: ConnectionEvent) => void): void
}

export const createRoomContext = <St extends StorageShape, P, R extends string>(
  definition: RoomDefinition<St, P, R>
): RoomHooks<St, P, R> => {
  throw new Error(`no hooks for ${definition.kind}`)
}
