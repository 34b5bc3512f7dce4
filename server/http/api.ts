/** What every resource of the HTTP API is built from: the app, its parts, and the shapes that many of them share. */
import type { HttpBindings } from '@hono/node-server'
import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { MiddlewareHandler } from 'hono/types'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { parseRoomName, parseSeq, type RoomName, type Seq } from '../../schema/room-name.ts'
import type { Attempts } from '../auth/attempts.ts'
import type { Audit, AuditRow } from '../auth/audit.ts'
import type { AuditQuery } from '../auth/audit-table.ts'
import type { Escalations } from '../auth/escalations.ts'
import type { Invites } from '../auth/invites.ts'
import type { JoinAttempts } from '../auth/join-attempts.ts'
import type { Members } from '../auth/members.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { PerSecond } from '../per-second.ts'
import type { Devices } from '../presence/devices.ts'
import type { Presences } from '../presence/presences.ts'
import type { AddressOf } from '../remote-address.ts'
import type { Authority } from '../room/authorize.ts'
import type { Behaviours } from '../room/behaviour/behaviours.ts'
import type { Rooms } from '../room/rooms.ts'
import type { Session } from '../session/session.ts'
import type { Streams } from '../session/streams.ts'
import type { Admission } from './admission.ts'
import type { ProcessHealth } from './process-health.ts'

export interface ApiEnv {
  readonly Bindings: HttpBindings
  readonly Variables: {
    requestId: string
    /** Who asks, once that is known, and about which room. */
    userId?: string
    room?: RoomName
    /** The refusal that is about to be answered stands in the audit already. */
    isRecorded?: boolean
  }
}

export type Api = OpenAPIHono<ApiEnv>
export type ApiContext = Context<ApiEnv>

/** What the composition root hands in. */
export interface AppParts {
  readonly rooms: Rooms
  readonly behaviours: Behaviours
  readonly authority: Authority
  readonly attempts: Attempts
  /** From where a request comes: of what limits count by, and the audit records. */
  readonly addressOf: AddressOf
  /** Requests that write, by address and by user. */
  readonly writes: PerSecond
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly members: Members
  readonly invites: Invites
  readonly joinAttempts: JoinAttempts
  readonly escalations: Escalations
  readonly presences: Presences
  readonly devices: Devices
  readonly audit: Audit
  readonly readAudit: (query: AuditQuery) => Promise<readonly AuditRow[]>
  /** Who belongs to a room was changed: resolves when all who are in it on this node have it so. */
  readonly changed: (room: RoomName) => Promise<void>
  readonly sessions: () => ReadonlySet<Session>
  /** @throws RoomlogError that says why this node is no place to send people to */
  readonly assertReady: () => void
  readonly streams: Streams
  readonly metrics: Metrics
  readonly logger: Logger
  readonly config: Pick<Config, 'allowedOrigins' | 'frameBytesMax' | 'idleTimeoutMs' | 'dayRooms'>
  readonly processHealth: () => ProcessHealth
  /** Where the built apps are; null: none are served. */
  readonly appsFolder: string | null
}

export interface ApiParts extends AppParts {
  readonly admission: Admission
}

/** @throws RoomlogError 'room-name-invalid' */
export const toRoomName = (text: string): RoomName => {
  const name = parseRoomName(text)
  if (name) return name
  throw new RoomlogError('room-name-invalid', `${JSON.stringify(text.slice(0, 64))} is not kind/id`)
}

/** @throws RoomlogError 'seq-invalid' */
export const toAfter = (text: string | undefined): Seq | null => {
  if (text === undefined) return null
  const seq = parseSeq(text)
  if (seq !== null) return seq
  throw new RoomlogError('seq-invalid', `after=${text.slice(0, 32)}`)
}

/** @throws RoomlogError 'seq-invalid' */
export const toAt = (text: string | undefined): Seq | null => {
  if (text === undefined) return null
  const seq = parseSeq(text)
  if (seq !== null) return seq
  throw new RoomlogError('seq-invalid', `at=${text.slice(0, 32)}`)
}

export const limitBody = (bytesMax: number): MiddlewareHandler =>
  bodyLimit({
    maxSize: bytesMax,
    onError() {
      throw new RoomlogError('too-large', `the body is above ${bytesMax} bytes`)
    }
  })

export const jsonBodyBytesMax = 16_384

export const roomParam = z.object({
  room: z.string().openapi({
    param: { name: 'room', in: 'path' },
    description: 'The name of the room, percent-encoded: `form%2F42`',
    example: 'form/42'
  })
})

export const afterQuery = z.string().optional()

export const limitQuery = (max: number) => z.coerce.number().int().min(1).max(max).default(100)

export const seqShape = z.number().int().min(0).describe('The number of an entry; 0 before the first')
export const epochShape = z
  .number()
  .int()
  .describe('Changes when the log of a room is replaced: positions of another epoch mean nothing')

export const problemShape = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('The name that a program decides by'),
    detail: z.string(),
    path: z.string().optional().describe('What was refused, as in `items/i1/start`'),
    complaints: z
      .array(z.object({ path: z.string(), detail: z.string() }))
      .optional()
      .describe('With `action-refused`: what is in the way, and where'),
    conflicts: z
      .array(
        z.object({
          path: z.string(),
          base: z.unknown(),
          theirs: z.unknown(),
          mine: z.unknown(),
          by: z.string().optional().describe('Who changed it last'),
          at: z.number().optional().describe('When, in milliseconds since 1970')
        })
      )
      .optional()
      .describe('With `version-conflict`: what others changed meanwhile')
  })
  .openapi('Problem')

/** The answer of every route where something is refused or fails. */
export const problemResponse = {
  default: {
    description: 'Refused or failed, see [errors](#errors)',
    content: { 'application/problem+json': { schema: problemShape } }
  }
} as const

export const jsonResponse = <Shape extends z.ZodType>(description: string, schema: Shape) => ({
  description,
  content: { 'application/json': { schema } }
})
