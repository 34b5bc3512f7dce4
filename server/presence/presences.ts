/**
 * The presence of each room that somebody on this node needs: a room that is open here, or a device.
 *
 * It outlives them for a few heartbeats, so that other nodes learn in any case that nobody is left.
 */
import type { RoomName } from '../../schema/room-name.ts'
import { every, monotonic } from '../clock.ts'
import type { Cluster, RoomChannel } from '../cluster/cluster.ts'
import type { NodeId } from '../cluster/envelope.ts'
import {
  decodeReport,
  decodeRooms,
  decodeTurns,
  encodeReport,
  encodeRooms,
  encodeTurns,
  type Report,
  type Turn
} from './news.ts'
import { Presence } from './presence.ts'
import { believed, type Said, type Statement } from './statement.ts'

/** Who is in a room, by client id. */
export type Attendance = ReadonlyMap<number, Statement>

export interface Presences {
  /** That of a room, and the same for everybody who opens it; it is kept until all of them have released it. */
  open(room: RoomName): Presence
  release(room: RoomName): void
  /** Who is in these rooms, on all nodes that answer soon; of others what they said last. */
  read(rooms: readonly RoomName[]): Promise<ReadonlyMap<RoomName, Attendance>>
  close(): void
}

export interface PresencesParts {
  readonly cluster: Cluster
  readonly heartbeatMs: number
  /** This user has come to the room, left it, or was lost with their node. */
  readonly onSeen: (room: RoomName, userId: string) => void
}

interface Held {
  readonly presence: Presence
  readonly channel: RoomChannel
  users: number
  /** Heartbeats since somebody needed it. */
  idle: number
}

const topic = 'presence'
/** So often it is said that nobody is left. */
const lastBeats = 3
/** A heartbeat may be late, and two in a row are seldom lost. */
const silentBeatsMax = 3.5
const turnsAtOnce = 5_000
/** Whoever asks again within this time gets what the other nodes answered before. */
const reportsMsMax = 500
const reportsMax = 1_000

export const createPresences = ({ cluster, heartbeatMs, onSeen }: PresencesParts): Presences => {
  const { nodes, bus, questions } = cluster
  const rooms = new Map<RoomName, Held>()
  const ownOf = (room: RoomName): Attendance => rooms.get(room)?.presence.own ?? new Map()

  const begin = (room: RoomName): Held => {
    const channel = cluster.openChannel(room, ({ from, topic: about, body }) => {
      if (about === topic && nodes.others.has(from)) presence.hear(from, body)
    })
    const presence = new Presence({
      self: () => nodes.self,
      tell: bus.hasOthers ? (message) => channel.tell(topic, message) : null,
      onSeen: (userId) => onSeen(room, userId)
    })
    void channel.ready.then(() => presence.askOthers())
    const held = { presence, channel, users: 0, idle: 0 }
    rooms.set(room, held)
    return held
  }
  const beat = (): void => {
    const turns: Turn[] = []
    for (const [room, held] of rooms) {
      const { presence, channel } = held
      presence.forgetSilent(silentBeatsMax * heartbeatMs)
      held.idle = presence.isEmpty ? held.idle + 1 : 0
      if (held.idle <= lastBeats) turns.push({ room, turn: presence.turn })
      else if (held.users === 0) {
        rooms.delete(room)
        channel.close()
      }
    }
    for (let from = 0; from < turns.length; from += turnsAtOnce)
      nodes.tell(topic, encodeTurns(turns.slice(from, from + turnsAtOnce)))
  }
  const ask = createAsking(cluster)

  const stopBeating = every(heartbeatMs, beat)
  const stopMissed = bus.onMissed(beat)
  nodes.hear(topic, (body, from) => {
    for (const { room, turn } of decodeTurns(body)) rooms.get(room)?.presence.hearTurn(from, turn)
  })
  nodes.onGone((node) => {
    for (const { presence } of rooms.values()) presence.gone(node)
  })
  nodes.onRejoined(() => {
    for (const { presence } of rooms.values()) presence.rejoined()
  })
  questions.answer(topic, (body) => {
    const asked = decodeRooms(body).map((room) => [room, ownOf(room)] as const)
    return encodeReport({ node: nodes.self, rooms: new Map(asked) })
  })

  return {
    open(room) {
      const held = rooms.get(room) ?? begin(room)
      held.users++
      return held.presence
    },
    release(room) {
      const held = rooms.get(room)
      if (held !== undefined) held.users--
    },
    async read(asked) {
      const reports = await ask(asked)
      const read = asked.map((room) => {
        const said = new Map([[nodes.self, ownOf(room)]])
        for (const node of rooms.get(room)?.presence.replicas.nodes ?? [])
          said.set(node, rooms.get(room)?.presence.replicas.statementsOf(node) ?? new Map())
        for (const { node, rooms: told } of reports.get(room) ?? [])
          said.set(node, told.get(room) ?? new Map())
        return [room, attendanceOf(said)] as const
      })
      return new Map(read)
    },
    close() {
      stopBeating()
      stopMissed()
      for (const { channel } of rooms.values()) channel.close()
      rooms.clear()
    }
  }
}

const attendanceOf = (said: ReadonlyMap<NodeId, Attendance>): Attendance => {
  const byId = new Map<number, Said[]>()
  for (const [node, statements] of said) {
    for (const [id, statement] of statements) byId.set(id, [...(byId.get(id) ?? []), { node, statement }])
  }
  const attendance = new Map<number, Statement>()
  for (const [id, all] of byId) {
    const best = believed(all)
    if (best !== null) attendance.set(id, best.statement)
  }
  return attendance
}

interface Asked {
  readonly at: number
  readonly reports: Promise<readonly Report[]>
}

/** Asks the other nodes about rooms, many at a time, and about each of them not again at once. */
const createAsking = ({ nodes, questions }: Cluster) => {
  const asked = new Map<RoomName, Asked>()
  const askAll = async (rooms: readonly RoomName[]): Promise<readonly Report[]> => {
    if (nodes.others.size === 0) return []
    const answers = await questions.askAll(topic, encodeRooms(rooms))
    return answers.map(decodeReport).filter((report) => report !== null)
  }
  return async (rooms: readonly RoomName[]): Promise<ReadonlyMap<RoomName, readonly Report[]>> => {
    const at = monotonic()
    const isKnown = (room: RoomName): boolean => (asked.get(room)?.at ?? -Infinity) > at - reportsMsMax
    const unknown = rooms.filter((room) => !isKnown(room))
    if (asked.size > reportsMax) for (const room of asked.keys()) if (!isKnown(room)) asked.delete(room)
    const reports = unknown.length === 0 ? Promise.resolve([]) : askAll(unknown)
    for (const room of unknown) asked.set(room, { at, reports })
    return new Map(
      await Promise.all(rooms.map(async (room) => [room, (await asked.get(room)?.reports) ?? []] as const))
    )
  }
}
