/**
 * What kinds do by themselves, run on the server: actions that people ask for, and what a room is when it is created.
 * What follows from other rooms is in `derivations.ts`, what happens to rooms that are left alone in `idleness.ts`.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { adminRole } from '../../../schema/access.ts'
import {
  type ActionContext,
  type BehaviourContext,
  Refusal,
  type RoomState
} from '../../../schema/behaviour.ts'
import { creatorRole, type RoomDefinition } from '../../../schema/define-room.ts'
import { RoomlogError } from '../../../schema/error-codes.ts'
import { parentOf } from '../../../schema/parent.ts'
import { kindOf, type RoomName, type Seq } from '../../../schema/room-name.ts'
import { readStorage } from '../../../schema/storage.ts'
import { StorageError } from '../../../schema/storage-error.ts'
import type { Access } from '../../auth/identity.ts'
import { now, sleep } from '../../clock.ts'
import type { CommittedState } from '../committed.ts'
import type { Position } from '../edit.ts'
import { noSuchRoom, type RoomTable } from '../room-table.ts'
import { type Change, type ChangeContext, inFull, serverAccess } from './change.ts'

export interface BehaviourParts {
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly change: Change
  readonly table: RoomTable
  /** The room as it is committed, now or at a seq. @throws RoomlogError 'room-not-found' */
  stateAt<T>(name: RoomName, seq: Seq | null, read: (state: CommittedState) => T): Promise<T>
  /** Gives a role in a room, or takes it with null, and lets connections there know. */
  setRole(access: Access, userId: string, role: string | null): Promise<void>
}

export interface Behaviours {
  /**
   * Runs an action as one entry of whoever asks.
   *
   * @throws RoomlogError 'not-found', 'forbidden', 'request-invalid', 'room-not-found'; 'action-refused' with the
   *   complaints as its cause has them
   */
  act(access: Access, action: string, input: unknown): Promise<Position & { changed: boolean }>
  /**
   * Creates a room with what its kind makes of `input`; where the kind makes nothing, an empty one.
   *
   * @param access of its creator, as `authorizeCreation` says
   * @throws RoomlogError 'room-exists', 'room-deleted', 'request-invalid'; 'action-refused'
   */
  create(access: Access, input: unknown): Promise<void>
}

/** A creation that was given up half way may be begun again after so long. */
const abandonedAfterMs = 60_000
/** A behaviour that takes longer is given up: nothing is changed then. */
const runMsMax = 15_000

export const createBehaviours = (parts: BehaviourParts): Behaviours => ({
  act: async (access, name, input) => {
    const { definition, role, room } = access
    const action = Object.hasOwn(definition.actions, name) ? definition.actions[name] : undefined
    if (action === undefined) {
      const known = Object.keys(definition.actions).join(', ') || 'none'
      throw new RoomlogError('not-found', `${definition.kind} has no action ${name}; its actions: ${known}`)
    }
    if (role !== adminRole && action.roles !== '*' && !action.roles.includes(role))
      throw new RoomlogError('forbidden', `${room}: role ${role} may not ${name}`)
    const record = await parts.table.find(room)
    if (record === null || record.isDeleted) throw noSuchRoom(room)
    const checked = await checkInput(action.input, input)
    const { seq, epoch, changed } = await runBehaviour(parts, inFull(access), (context) =>
      action.run(toActionContext(access, context, checked))
    )
    return { seq, epoch, changed }
  },
  create: async (access, input) => {
    const { definition, room } = access
    const { create } = definition
    if (create === null && input !== undefined)
      throw new RoomlogError('request-invalid', `rooms of the kind ${definition.kind} take no storage`)
    if (create === null) return makeRow(parts, access)
    await assertMissing(parts, access)
    const checked = await checkInput(create.input, input)
    await runBehaviour(parts, inFull(access), async (context, { seq }) => {
      if (seq > 0) throw new RoomlogError('room-exists', room)
      await create.run(toActionContext(access, context, checked))
      // Last, so that nothing is left of a creation that is refused.
      await makeRow(parts, access)
    })
  }
})

type Run = (context: BehaviourContext, change: ChangeContext) => void | Promise<void>

/** Runs a behaviour as one entry, then does to roles what it asked for. */
export const runBehaviour = async (parts: BehaviourParts, by: Access, run: Run) => {
  const { room, definition } = by
  const states = new Map<number | null, Promise<RoomState | null>>()
  let roles: { userId: string; role: string | null }[] = []
  const changed = await parts.change(room, {
    by,
    run: async (change) => {
      roles = []
      states.delete(null)
      const context: BehaviourContext = {
        storage: change.storage,
        snapshot: change.snapshot,
        at: change.at,
        parent: (seq) => parentState(parts, by, states, seq ?? null),
        setRole: (userId, role) => {
          roles.push({ userId, role })
        }
      }
      await asRefusals(room, () => withinTime(room, async () => run(context, change)))
    }
  })
  const server = serverAccess(room, definition)
  for (const { userId, role } of roles) await parts.setRole(server, userId, role)
  return changed
}

const toActionContext = (
  { identity: { user }, role }: Access,
  context: BehaviourContext,
  input: unknown
): ActionContext => ({ ...context, user: { id: user.id, name: user.name, role }, input })

const checkInput = async (schema: StandardSchemaV1, input: unknown): Promise<unknown> => {
  const result = await schema['~standard'].validate(input)
  if (!result.issues) return result.value
  const [issue] = result.issues
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('/')
  throw new RoomlogError('request-invalid', `${path === '' ? 'the input' : path}: ${issue?.message}`, {
    path
  })
}

/** What a behaviour throws on purpose, by name. */
const asRefusals = async (room: RoomName, run: () => Promise<void>): Promise<void> => {
  try {
    await run()
  } catch (error) {
    if (error instanceof Refusal)
      throw new RoomlogError('action-refused', `${room}: ${error.message}`, { cause: error })
    if (error instanceof StorageError)
      throw new RoomlogError('value-invalid', error.message, { cause: error, path: error.path })
    throw error
  }
}

const withinTime = async (room: RoomName, run: () => Promise<void>): Promise<void> => {
  const isOver = new AbortController()
  const overdue = async (): Promise<void> => {
    await sleep(runMsMax, isOver.signal)
    if (!isOver.signal.aborted) throw new Error(`${room}: a behaviour took longer than ${runMsMax} ms`)
  }
  try {
    await Promise.race([run(), overdue()])
  } finally {
    isOver.abort()
  }
}

/** A state at a seq never changes: a behaviour that runs again does not read it again. */
const parentState = (
  parts: BehaviourParts,
  { room, definition }: Access,
  states: Map<number | null, Promise<RoomState | null>>,
  seq: number | null
): Promise<RoomState | null> => {
  const parent = definition.parent === null ? null : parentOf(definition.parent, room)
  if (parent === null) return Promise.resolve(null)
  const known = states.get(seq)
  if (known !== undefined) return known
  const state = readState(parts, parent.room, seq as Seq | null)
  states.set(seq, state)
  return state
}

const readState = async (
  { kinds, stateAt }: BehaviourParts,
  room: RoomName,
  at: Seq | null
): Promise<RoomState | null> => {
  const definition = kinds.get(kindOf(room))
  if (definition === undefined) return null
  try {
    return await stateAt(room, at, ({ seq, document }) => ({
      room,
      seq,
      storage: readStorage(definition, document)
    }))
  } catch (error) {
    if (error instanceof RoomlogError && error.reason === 'room-not-found') return null
    throw error
  }
}

const makeRow = async (parts: BehaviourParts, access: Access): Promise<void> => {
  const { room, identity, definition } = access
  const role = creatorRole(definition)
  const made = await parts.table.insert(room, identity.user, role)
  if (made !== null) return
  await assertMissing(parts, access)
  // What somebody else has given up half way is this one's now.
  if (role !== null) await parts.setRole(serverAccess(room, definition), identity.user.id, role)
}

const assertMissing = async ({ table }: BehaviourParts, { room, definition }: Access): Promise<void> => {
  const record = await table.find(room)
  if (record === null) return
  const isOld = record.createdAt.getTime() < now() - abandonedAfterMs
  const isAbandoned = definition.create !== null && !record.isDeleted && record.head === 0 && isOld
  if (!isAbandoned) throw new RoomlogError(record.isDeleted ? 'room-deleted' : 'room-exists', room)
}
