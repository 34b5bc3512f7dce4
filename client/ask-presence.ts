/** Asks a server who is in some rooms, over plain HTTP. */
import * as z from 'zod/mini'
import { type ErrorCode, isErrorCode } from '../schema/error-codes.ts'
import { isObject } from '../schema/json.ts'
import type { RoomName } from '../schema/room-name.ts'

const device = z.object({
  clientId: z.number(),
  device: z.nullable(z.string()),
  via: z.string(),
  since: z.pipe(
    z.string(),
    z.transform((text) => new Date(text))
  ),
  until: z.nullable(
    z.pipe(
      z.string(),
      z.transform((text) => new Date(text))
    )
  ),
  state: z.record(z.string(), z.unknown())
})

const person = z.object({
  user: z.object({
    id: z.string(),
    name: z.string(),
    role: z.string(),
    color: z.nullable(z.string()),
    avatar: z.nullable(z.string())
  }),
  devices: z.array(device)
})

const answerShape = z.object({
  rooms: z.record(z.string(), z.object({ people: z.array(person) })),
  refused: z.record(z.string(), z.string())
})

/** Somebody in a room, with their tabs and devices there; the one that came first stands first. */
export type PersonThere = Readonly<z.infer<typeof person>>

/** Who is in one room, or why that is not said. */
export interface RoomPresence {
  readonly people: readonly PersonThere[]
  readonly refused: ErrorCode | null
}

export type PresenceAnswer =
  | { readonly rooms: ReadonlyMap<RoomName, RoomPresence> }
  | { readonly failed: ErrorCode; readonly delayMsMin: number }

/** So many are answered at once. */
export const roomsAtOnce = 50

/** Never rejects, unless it is aborted. @param socketUrl as in `wss://rooms.example.org/ws` */
export const askPresence = async (
  socketUrl: string,
  rooms: readonly RoomName[],
  { token, signal }: { readonly token: string | undefined; readonly signal: AbortSignal }
): Promise<PresenceAnswer> => {
  const url = new URL(`api/presence?rooms=${encodeURIComponent(rooms.join())}`, socketUrl)
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` }
  try {
    const answer = await fetch(url, { headers, signal })
    const body: unknown = await answer.json()
    if (!answer.ok) return { failed: codeOf(body), delayMsMin: delayOf(answer) }
    const read = answerShape.safeParse(body)
    if (!read.success) return { failed: 'unavailable', delayMsMin: 0 }
    const { rooms: told, refused } = read.data
    const toPresence = (room: RoomName): RoomPresence => {
      const code = refused[room]
      return {
        people: told[room]?.people ?? [],
        refused: code === undefined ? null : isErrorCode(code) ? code : 'forbidden'
      }
    }
    return { rooms: new Map(rooms.map((room) => [room, toPresence(room)])) }
  } catch {
    signal.throwIfAborted()
    return { failed: 'unavailable', delayMsMin: 0 }
  }
}

const codeOf = (body: unknown): ErrorCode =>
  isObject(body) && typeof body.code === 'string' && isErrorCode(body.code) ? body.code : 'unavailable'

const delayOf = (answer: Response): number => {
  const seconds = Number(answer.headers.get('retry-after') ?? 0)
  return Number.isFinite(seconds) ? seconds * 1000 : 0
}
