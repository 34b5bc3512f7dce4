/** Rooms of the client SDK in a test: entered, watched, and left when the test is over. */
import { afterAll, afterEach } from 'vitest'
import {
  type Client,
  type ClientOptions,
  createClient,
  type Room,
  type RoomError,
  type SyncStatus,
  type Transport
} from '../../client/index.ts'
import { form } from '../../schema/kinds/form.ts'
import { startOwnServer } from './own-server.ts'
import type { ServerProcess } from './server.ts'
import { signToken } from './tokens.ts'
import { waitUntil } from './wait-until.ts'

export type FormRoom = Room<
  (typeof form)['storage'],
  { focus: string | null; caret: unknown },
  (typeof form)['roles'][number]
>

export const nobody = { focus: null, caret: null }

const cleanUps: (() => unknown)[] = []
const clients: Client[] = []

/** To be called once at the top of a test file. */
export const leaveRoomsAfterTests = (): void => {
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })
  afterAll(async () => {
    for (const cleanUp of cleanUps.splice(0)) await cleanUp()
  })
}

/** A server that may be killed; it is gone after the tests of the file. */
export const startRoomServer = async (env: Record<string, string> = {}): Promise<ServerProcess> => {
  const server = await startOwnServer(env)
  cleanUps.push(() => server[Symbol.asyncDispose]())
  return server
}

/** @param server or what stands in front of it */
export const connect = (
  server: Pick<ServerProcess, 'wsUrl'>,
  auth?: ClientOptions['auth'],
  transport: Transport = 'auto'
): Client => {
  const url = `${server.wsUrl}/ws`
  const client = createClient(auth === undefined ? { url, transport } : { url, auth, transport })
  clients.push(client)
  return client
}

/** A form, by a client of its own, with everything that it says of its changes. */
export const enter = (
  server: Pick<ServerProcess, 'wsUrl'>,
  id: string,
  auth?: ClientOptions['auth'],
  transport?: Transport
) => {
  const client = connect(server, auth, transport)
  const { room, leave } = client.enter(form, id, { initialPresence: nobody })
  const said: SyncStatus[] = []
  const errors: RoomError[] = []
  room.syncStatus.subscribe(() => said.push(room.syncStatus.get()))
  room.onError((error) => errors.push(error))
  return { client, room, leave, said, errors }
}

export const ready = (room: FormRoom) => waitUntil(() => room.ready.get(), { about: 'the room to be ready' })

type In<S extends SyncStatus['state']> = Extract<SyncStatus, { readonly state: S }>

const isIn = <S extends SyncStatus['state']>(status: SyncStatus, state: S): status is In<S> =>
  status.state === state

/** Resolves with the sync status once it is in this state. */
export const state = <S extends SyncStatus['state']>(
  room: FormRoom,
  wanted: S,
  timeoutMs = 30_000
): Promise<In<S>> =>
  waitUntil(
    () => {
      const status = room.syncStatus.get()
      if (isIn(status, wanted)) return status
      throw new Error(`it is ${status.state}`)
    },
    { about: `the sync status ${wanted}`, timeoutMs }
  )

export const title = (room: FormRoom, wanted: string, timeoutMs = 20_000) =>
  waitUntil(() => room.snapshot.get().title === wanted, { about: `the title "${wanted}"`, timeoutMs })

export const tokenFor = (sub: string, role: string) =>
  signToken({ sub, name: sub, grants: [{ room: 'form/*', role }] })
