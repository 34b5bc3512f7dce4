import type * as Y from 'yjs'
import { type CallOptions, callServer, roomPath } from './http.ts'
import type { RawClient } from './raw-client.ts'
import { syncMessage } from './raw-messages.ts'
import { type SessionWorld, startSessionWorld } from './session-world.ts'
import { seconds, signToken } from './tokens.ts'
import { waitUntil } from './wait-until.ts'
import { record } from './yjs-story.ts'

/** A server where who may do what is in its tables alone: the tokens of people say who they are, and nothing more. */
export interface BelongingWorld extends SessionWorld {
  readonly admin: string
  /** Of a user without grants. */
  person(id: string): Promise<string>
  call(path: string, options?: CallOptions): Promise<Response>
  /** Makes a room whose creator is `owner`; others are given their roles by the owner. */
  create(room: string, owner: string, others?: Readonly<Record<string, string>>): Promise<string>
  setRole(room: string, by: string, user: string, role: string): Promise<Response>
  remove(room: string, by: string, user: string): Promise<Response>
  /** Somebody in a room, with a socket of their own. */
  enter(room: string, user: string): Promise<InRoom>
}

export interface InRoom {
  readonly client: RawClient
  readonly document: Y.Doc
  /** Types a letter into the text `text`; resolves with whether it was saved. */
  type(): Promise<boolean>
  /** Why the room was closed to them, once it was. */
  denied(): Promise<string>
  readonly isDenied: boolean
  /** Resolves when they have been told that this is their role. */
  becomes(role: string): Promise<void>
}

export const startBelongingWorld = async (env: Record<string, string> = {}): Promise<BelongingWorld> => {
  const world = await startSessionWorld({ LOG_LEVEL: 'warn', ...env })
  const person = (id: string): Promise<string> => signToken({ sub: id, name: id, exp: seconds() + 600 })
  const grants = [{ room: '*', role: 'admin' }]
  const admin = await signToken({ sub: 'operator', grants, exp: seconds() + 600 })
  const call = (path: string, options?: CallOptions): Promise<Response> =>
    callServer(world.server.url, path, options)
  const setRole = async (room: string, by: string, user: string, role: string): Promise<Response> =>
    call(roomPath(room, `/members/${encodeURIComponent(user)}`), {
      method: 'PUT',
      token: await person(by),
      json: { role }
    })
  return {
    ...world,
    admin,
    person,
    call,
    setRole,
    create: async (room, owner, others = {}) => {
      const [kind = ''] = room.split('/')
      const role = firstRoles[kind] ?? 'owner'
      const token = await signToken({
        sub: owner,
        name: owner,
        grants: [{ room, role }],
        exp: seconds() + 60
      })
      await expectOk(call('/api/rooms', { token, json: { name: room } }))
      for (const [user, given] of Object.entries(others)) await expectOk(setRole(room, owner, user, given))
      return room
    },
    remove: async (room, by, user) =>
      call(roomPath(room, `/members/${encodeURIComponent(user)}`), {
        method: 'DELETE',
        token: await person(by)
      }),
    enter: async (room, user) => {
      const client = await world.open()
      const document = await client.enter(room, { token: await person(user) })
      return inRoom(client, room, document)
    }
  }
}

const firstRoles: Readonly<Record<string, string>> = { timeline: 'couple' }

const expectOk = async (answer: Promise<Response>): Promise<void> => {
  const { ok, status, url, ...rest } = await answer
  if (!ok) throw new Error(`${status} ${url}: ${await (await answer).text()} ${JSON.stringify(rest)}`)
}

const inRoom = (client: RawClient, room: string, document: Y.Doc): InRoom => {
  const updates = record(document)
  const found = (): string | undefined => {
    const heard = client.heard.find((one) => one.kind === 'denied' && one.address === room)
    return heard?.kind === 'denied' ? heard.reason : undefined
  }
  return {
    client,
    document,
    type: async () => {
      const before = [client.acknowledged(true), client.acknowledged(false)] as const
      document.getText('text').insert(0, 'x')
      client.send(syncMessage(room, 2, updates.pop() ?? Uint8Array.of()))
      const answered = (): boolean =>
        client.acknowledged(true) > before[0] || client.acknowledged(false) > before[1]
      await waitUntil(answered, { about: 'an answer to a letter' })
      return client.acknowledged(true) > before[0]
    },
    denied: () => waitUntil(found, { about: `${room} to be closed` }),
    get isDenied() {
      return found() !== undefined
    },
    becomes: async (role) => {
      const current = (): string | undefined => client.messages('role').at(-1)?.role
      await waitUntil(() => current() === role, { about: `the role ${role}` })
    }
  }
}
