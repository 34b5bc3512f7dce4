/**
 * What changed about people and rooms on one node, told to the others: the tables say the same, and are looked at every few
 * seconds in any case, so a message that is lost costs no more than that.
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import { parseRoomName, type RoomName } from '../../schema/room-name.ts'
import type { Nodes } from '../cluster/nodes.ts'
import type { Logger } from '../logger.ts'

export interface NodeNews {
  /** Who belongs to the room, or as what, was changed here. */
  membersChanged(room: RoomName): void
  tokensRevoked(): void
  roomDeleted(room: RoomName): void
}

/** What is to be done here about the news of others. */
export interface NewsListeners {
  membersChanged(room: RoomName): Promise<void>
  tokensRevoked(): Promise<void>
  roomDeleted(room: RoomName): Promise<void>
}

const topics = { members: 'members', revoked: 'revoked', deleted: 'deleted' }
const nothing = new Uint8Array()

export const createNodeNews = (nodes: Nodes): NodeNews => ({
  membersChanged: (room) => nodes.tell(topics.members, Buffer.from(room)),
  tokensRevoked: () => nodes.tell(topics.revoked, nothing),
  roomDeleted: (room) => nodes.tell(topics.deleted, Buffer.from(room))
})

export const hearNews = (nodes: Nodes, listeners: NewsListeners, logger: Logger): void => {
  const hear = (topic: string, act: (room: RoomName | null) => Promise<void>): void =>
    nodes.hear(topic, (body) => {
      act(parseRoomName(Buffer.from(body).toString())).catch((error: unknown) => {
        // While Postgres is away nothing is known; the next round asks again.
        const isForNow = error instanceof RoomlogError && error.reason === 'unavailable'
        logger[isForNow ? 'debug' : 'error']({ err: error, topic }, 'news of another node not acted upon')
      })
    })
  hear(topics.members, async (room) => {
    if (room !== null) await listeners.membersChanged(room)
  })
  hear(topics.revoked, () => listeners.tokensRevoked())
  hear(topics.deleted, async (room) => {
    if (room !== null) await listeners.roomDeleted(room)
  })
}
