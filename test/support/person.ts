import type { JWTPayload } from 'jose'
import * as Y from 'yjs'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { createLiveStorage, type LiveStorage } from '../../schema/live-storage.ts'
import type { StorageShape, StorageSnapshot } from '../../schema/storage-words.ts'
import { callServer, roomPath } from './http.ts'
import { signToken } from './tokens.ts'

/** Somebody with a token, who works over HTTP. */
export interface Person {
  readonly id: string
  readonly token: string
  create(room: string, storage?: unknown): Promise<Response>
  act(room: string, action: string, input?: unknown): Promise<Response>
  read(room: string): Promise<Response>
  /** The view of a room that they may read. */
  view<St extends StorageShape>(definition: RoomDefinition<St>, room: string): Promise<StorageSnapshot<St>>
  /** Edits the document as it is now, as an app would. @param role the one that their claims carry */
  write<St extends StorageShape>(
    definition: RoomDefinition<St>,
    room: string,
    edit: (storage: LiveStorage<St>) => void,
    role?: string
  ): Promise<Response>
}

/** @param url of the server @param grants as in `{ 'form/*': 'owner' }` */
export const createPerson = async (
  url: string,
  id: string,
  grants: Readonly<Record<string, string>>,
  claims: JWTPayload = {}
): Promise<Person> => {
  const list = Object.entries(grants).map(([room, role]) => ({ room, role }))
  const token = await signToken({ sub: id, name: id, grants: list, ...claims })
  const call = (path: string, options = {}) => callServer(url, path, { token, ...options })
  return {
    id,
    token,
    create: (room, storage) => call('/api/rooms', { json: { name: room, storage } }),
    act: (room, action, input = null) => call(roomPath(room, `/actions/${action}`), { json: input }),
    read: (room) => call(roomPath(room, '/view')),
    view: async (_, room) => {
      const answer = await call(roomPath(room, '/view'))
      if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
      return (await answer.json()).data
    },
    write: async (definition, room, edit, role = '') => {
      const document = new Y.Doc()
      const known = await call(roomPath(room, '/doc'))
      if (known.ok) Y.applyUpdate(document, new Uint8Array(await known.arrayBuffer()))
      const before = Y.encodeStateVector(document)
      edit(
        createLiveStorage(definition, document, (change) => document.transact(change), { userId: id, role })
      )
      return call(roomPath(room, '/doc'), { bytes: Uint8Array.from(Y.encodeStateAsUpdate(document, before)) })
    }
  }
}
