/** The client SDK without React. */
export type { Action } from '../schema/access.ts'
export { Refusal } from '../schema/behaviour.ts'
export type { Claim, ConflictRule, ContestedValue, MergeRule } from '../schema/contested.ts'
export { defineRoom, type RoomDefinition, type RoomSpec } from '../schema/define-room.ts'
export { type ErrorCode, RoomlogError } from '../schema/error-codes.ts'
export type {
  Live,
  LiveCollection,
  LiveContested,
  LiveContestedValues,
  LiveFields,
  LiveOwn,
  LivePerUser,
  LiveStorage,
  LiveText,
  LiveTexts,
  LiveValue,
  LiveValues,
  NewEntry,
  Place
} from '../schema/live-storage.ts'
export { type Conflict, mergeRecord, type Strategy } from '../schema/merge-record.ts'
export type { EntryMark } from '../schema/messages.ts'
export type { Activity, Caret } from '../schema/presence.ts'
export type { Epoch, RoomName, Seq } from '../schema/room-name.ts'
export type { StorageProblem } from '../schema/storage.ts'
export { StorageError } from '../schema/storage-error.ts'
export { type StorageShape, type StorageSnapshot, s, userKey } from '../schema/storage-words.ts'
export type { PersonThere, RoomPresence } from './ask-presence.ts'
export { type Client, type ClientOptions, createClient, type Entered } from './client.ts'
export type { RoomLog } from './log.ts'
export type { Connection, User } from './presence.ts'
export type { PresenceStatus, PresenceStatusOptions } from './presence-status.ts'
export { editRecord, type RecordEdit, type RecordOf } from './record-edit.ts'
export type {
  ConnectionEvent,
  EnterOptions,
  Escalation,
  Rights,
  Room,
  RoomError,
  RoomFailure,
  Status
} from './room.ts'
export type { RosterEntry } from './roster.ts'
export type { Store } from './store.ts'
export type { Rejected, SyncStatus } from './sync-status.ts'
export type { KeptEdit } from './touched.ts'
export type { Transport } from './transport/ways.ts'
export type { UndoHistory, UndoResult, UndoState } from './undo.ts'
