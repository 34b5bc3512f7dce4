/**
 * What a kind does by itself: code of its definition that the server runs, on what is committed, and whose changes are
 * entries of the log like everybody's.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { LiveStorage } from './live-storage.ts'
import type { RoomName } from './room-name.ts'
import type { StorageShape, StorageSnapshot } from './storage-words.ts'

/** A room as it stood at a seq. */
export interface RoomState {
  readonly room: RoomName
  readonly seq: number
  readonly storage: StorageSnapshot<StorageShape>
}

export interface Actor {
  readonly id: string
  readonly name: string
  readonly role: string
}

/** What a behaviour finds. Throwing `Refusal` refuses it: nothing is changed then. */
export interface BehaviourContext<St extends StorageShape = StorageShape> {
  /** Write here: all of it becomes one entry. */
  readonly storage: LiveStorage<St>
  readonly snapshot: StorageSnapshot<St>
  /** Milliseconds since 1970 by the server's clock. */
  readonly at: number
  /** The room that this one belongs to, now or at a seq; null where the kind has none. */
  parent(seq?: number): Promise<RoomState | null>
  /** Gives a user a role in this room, or takes it with null, together with the change. */
  setRole(userId: string, role: string | null): void
}

export interface ActionContext<St extends StorageShape = StorageShape, Input = unknown>
  extends BehaviourContext<St> {
  readonly user: Actor
  /** As `input` of the action has checked it. */
  readonly input: Input
}

/** Something that people ask the server to do, over `POST /api/rooms/:room/actions/:action`. */
export interface Action<
  St extends StorageShape = StorageShape,
  I extends StandardSchemaV1 = StandardSchemaV1,
  R extends string = string
> {
  readonly roles: '*' | readonly R[]
  readonly input: I
  run(context: ActionContext<St, StandardSchemaV1.InferOutput<I>>): void | Promise<void>
}

/** What a room is when it is created: `input` is what `POST /api/rooms` brought as `storage`. */
export interface Creation<
  St extends StorageShape = StorageShape,
  I extends StandardSchemaV1 = StandardSchemaV1
> {
  readonly input: I
  run(context: ActionContext<St, StandardSchemaV1.InferOutput<I>>): void | Promise<void>
}

export interface DerivationContext<
  St extends StorageShape = StorageShape,
  Child extends StorageShape = StorageShape
> extends BehaviourContext<St> {
  /** Every room that belongs to this one and is of the kind `from`, by the last part of its name. */
  readonly children: ReadonlyMap<string, StorageSnapshot<Child>>
}

/** What follows from the rooms that belong to this one. Run again after each of their commits: it must be idempotent. */
export interface Derivation<
  St extends StorageShape = StorageShape,
  Child extends StorageShape = StorageShape
> {
  /** The kind of those rooms. */
  readonly from: { readonly kind: string; readonly storage: Child }
  run(context: DerivationContext<St, Child>): void | Promise<void>
}

/** What happens to a room in which nothing was written for so long. */
export interface Idleness<St extends StorageShape = StorageShape> {
  readonly minutes: number
  run(context: BehaviourContext<St>): void | Promise<void>
}

/** One thing that is not as it should be, and where. */
export interface Complaint {
  /** As in `answers/f1`. */
  readonly path: string
  readonly detail: string
}

/** A behaviour says no; whoever asked is told why. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly complaints: readonly Complaint[]

  constructor(detail: string, complaints: readonly Complaint[] = []) {
    super(detail)
    this.complaints = complaints
  }
}
