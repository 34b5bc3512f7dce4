/**
 * People who are there by HTTP requests: a screen on the wall, a phone app in the background, a program. Each of their
 * devices is there until its time is up, and shown to the sessions like one of them.
 */
import { createHash } from 'node:crypto'
import { errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import { parseRoomName, type RoomName } from '../../schema/room-name.ts'
import { type Access, isAnonymous } from '../auth/identity.ts'
import { after, now } from '../clock.ts'
import type { Questions } from '../cluster/questions.ts'
import type { Logger } from '../logger.ts'
import type { Authority } from '../room/authorize.ts'
import { startRounds } from '../rounds.ts'
import { tooMany } from '../too-many.ts'
import { stamp, stateBytesMax } from './announced.ts'
import { clientIdsEnd, type PresentDevice } from './presence.ts'
import type { Presences } from './presences.ts'

export interface DeviceState {
  /** As the app calls it, one of several of its user. */
  readonly device: string
  readonly state: Readonly<Record<string, unknown>>
  readonly ttlMs: number
}

export interface Devices {
  /**
   * The device is there from now on, for so long. Said again, also to another node, it stays.
   *
   * @returns until when, in milliseconds since 1970: not longer than the token is good
   * @throws RoomlogError 'forbidden' for a guest without a token, 'too-large', 'too-many'
   */
  put(access: Access, device: DeviceState): { readonly id: number; readonly until: number }
  /** The device is gone, on whichever node it was. */
  end(access: Access, device: string): Promise<void>
  /** Asks again what those in this room may do: at once what is otherwise noticed within seconds. */
  recheck(room: RoomName): Promise<void>
  close(): Promise<void>
}

export interface DevicesParts {
  readonly presences: Presences
  readonly questions: Questions
  readonly authority: Pick<Authority, 'authorize'>
  readonly logger: Logger
}

interface Device {
  readonly access: Access
  readonly state: Readonly<Record<string, unknown>>
  readonly present: PresentDevice
  readonly cancel: () => void
}

const topic = 'presence/end'
/** In one room, on this node. */
const devicesPerUserMax = 16
const devicesMax = 10_000
const retrySeconds = 5
/** Clients forget whom they do not hear of for 30 s. */
const renewMs = 10_000

export const createDevices = ({ presences, questions, authority, logger }: DevicesParts): Devices => {
  const rooms = new Map<RoomName, Map<number, Device>>()

  const forget = (room: RoomName, id: number): void => {
    const devices = rooms.get(room)
    const device = devices?.get(id)
    if (device === undefined) return
    device.cancel()
    devices?.delete(id)
    if (devices?.size === 0) rooms.delete(room)
    presences.release(room)
  }
  const end = (room: RoomName, id: number): void => {
    const device = rooms.get(room)?.get(id)
    if (device === undefined) return
    presences.open(room).end(device.present)
    presences.release(room)
    forget(room, id)
  }
  const keep = (
    access: Access,
    { state, name, until }: Omit<PresentDevice, 'id' | 'user' | 'json' | 'onMoved'> & Pick<Device, 'state'>
  ): number => {
    const { room, role } = access
    const { user } = access.identity
    const id = deviceId(user.id, name)
    const json = stamp({ ...state }, { user, role })
    const present = { id, name, user, until, json, onMoved: () => forget(room, id) }
    // Opened before the one that it takes the place of is forgotten: it is the same presence.
    const presence = presences.open(room)
    forget(room, id)
    const devices = rooms.get(room) ?? new Map<number, Device>()
    rooms.set(room, devices)
    devices.set(id, { access, state, present, cancel: after(until - now(), () => end(room, id)) })
    presence.put(present)
    return id
  }
  const recheck = async (room: RoomName, id: number, device: Device): Promise<void> => {
    const { access, present, state } = device
    try {
      const found = await authority.authorize(access.identity, room)
      if (rooms.get(room)?.get(id) !== device) return
      if (found.role !== access.role) keep(found, { ...present, state })
      else {
        presences.open(room).renew(present)
        presences.release(room)
      }
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      if (!errorCodes[error.reason].retry && rooms.get(room)?.get(id) === device) end(room, id)
    }
  }
  const recheckAll = async (
    some: Iterable<readonly [RoomName, ReadonlyMap<number, Device>]>
  ): Promise<void> => {
    const all = [...some].flatMap(([room, devices]) =>
      [...devices].map(([id, device]) => recheck(room, id, device))
    )
    await Promise.all(all)
  }
  questions.answer(topic, (body) => {
    const { room, id } = readEnd(body)
    end(room, id)
    return new Uint8Array()
  })
  const rounds = startRounds({
    everyMs: renewMs,
    about: 'devices that are there',
    logger,
    work: () => recheckAll(rooms)
  })

  return {
    put(access, { device: name, state, ttlMs }) {
      const { identity, room } = access
      if (isAnonymous(identity))
        throw new RoomlogError('forbidden', 'a guest without a token is somebody else with each request')
      const bytes = Buffer.byteLength(JSON.stringify(state))
      if (bytes > stateBytesMax)
        throw new RoomlogError('too-large', `a state of ${bytes} bytes > ${stateBytesMax}`)
      assertRoomFor(rooms.get(room), deviceId(identity.user.id, name), identity.user.id)
      const until = Math.min(now() + ttlMs, identity.expiresAt ?? Number.POSITIVE_INFINITY)
      return { id: keep(access, { name, state, until }), until }
    },
    async end({ room, identity }, name) {
      const id = deviceId(identity.user.id, name)
      end(room, id)
      // Where it was said last, that may not be known here yet.
      await questions.askAll(topic, writeEnd(room, id))
    },
    async recheck(room) {
      const devices = rooms.get(room)
      if (devices !== undefined) await recheckAll([[room, devices]])
    },
    async close() {
      await rounds.stop()
      for (const [room, devices] of rooms) for (const id of devices.keys()) end(room, id)
    }
  }
}

/** The same on every node, and none that Yjs makes. */
export const deviceId = (userId: string, name: string): number =>
  clientIdsEnd + createHash('sha256').update(`${userId}\0${name}`).digest().readUIntBE(0, 6)

const assertRoomFor = (
  devices: ReadonlyMap<number, Device> | undefined,
  id: number,
  userId: string
): void => {
  if (devices === undefined || devices.has(id)) return
  const found = [...devices.values()].filter(({ present }) => present.user.id === userId).length
  if (found >= devicesPerUserMax)
    throw tooMany({
      what: 'devices of one user in a room',
      found: found + 1,
      most: devicesPerUserMax,
      retrySeconds
    })
  if (devices.size >= devicesMax)
    throw tooMany({ what: 'devices in a room', found: devices.size + 1, most: devicesMax, retrySeconds })
}

const writeEnd = (room: RoomName, id: number): Uint8Array => Buffer.from(`${id} ${room}`)

const readEnd = (body: Uint8Array): { room: RoomName; id: number } => {
  const [, id, name = ''] = /^(\d{1,16}) (.+)$/.exec(Buffer.from(body).toString()) ?? []
  const room = parseRoomName(name)
  if (room === null) throw new RoomlogError('request-invalid', 'no device of a room')
  return { room, id: Number(id) }
}
