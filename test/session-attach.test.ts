import type { Connection as HocuspocusConnection } from '@hocuspocus/server'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeScope } from '../schema/access.ts'
import type { ErrorCode } from '../schema/error-codes.ts'
import { document } from '../schema/kinds/document.ts'
import { kinds } from '../schema/kinds/kinds.ts'
import type { RoomName } from '../schema/room-name.ts'
import { createAttempts } from '../server/auth/attempts.ts'
import { createNoBus } from '../server/cluster/bus.ts'
import { createCluster } from '../server/cluster/cluster.ts'
import { createLoader } from '../server/log/load.ts'
import { createTails } from '../server/log/tail.ts'
import { createPresences } from '../server/presence/presences.ts'
import { createAuthority } from '../server/room/authorize.ts'
import { createHocuspocus } from '../server/room/hocuspocus.ts'
import type { Session } from '../server/session/session.ts'
import { type LogWorld, newRoom, openLogWorld, silent } from './support/log-world.ts'
import { authMessage } from './support/raw-messages.ts'

let log: LogWorld
beforeAll(async () => {
  log = await openLogWorld('pglite')
})
afterAll(async () => {
  await log[Symbol.asyncDispose]()
})

/** Whoever wants in waits until the gate is opened: what follows takes a number of steps that is always the same. */
const start = async (gate: () => Promise<void>) => {
  const config = { authSecret: null, authJwksUrl: null, authIssuer: null, authAudience: null }
  const authority = createAuthority({ database: log.database, config, kinds, logger: silent })
  return createHocuspocus({
    authority: {
      ...authority,
      authorize: async (identity, room) => {
        await gate()
        const scope = writeScope(document, 'writer', identity.user.id)
        const role = { role: 'writer', lastingRole: 'writer', mayWrite: true }
        return { identity, room, ...role, scope, definition: document, escalations: [] }
      }
    },
    attempts: createAttempts({ perMinuteMax: 1_000 }),
    audit: { record: () => {} },
    entered: () => {},
    kinds,
    loader: createLoader(log.database, 8),
    tails: createTails(log.database),
    cluster: createCluster({ bus: createNoBus(), heartbeatMs: 1_000, logger: silent }),
    isShared: false,
    onRepair: () => {},
    commits: await log.node(),
    presences: createPresences({
      cluster: createCluster({ bus: createNoBus(), heartbeatMs: 1_000, logger: silent }),
      heartbeatMs: 1_000,
      onSeen: () => {}
    }),
    snapshots: { make: async () => null, fold: async () => Uint8Array.of(0, 0), close: async () => {} },
    clientIds: { remember: () => {} },
    logger: silent,
    documentBytesMax: 1_000_000,
    schedule: () => {},
    watch: { watcher: () => null, opened: async () => {} },
    isDraining: () => false
  })
}

/** What Hocuspocus and its hooks ask of a session, and nothing more: it takes down how it was let in. */
const takeDown = () => {
  const outcome = Promise.withResolvers<HocuspocusConnection | ErrorCode>()
  const socket = { readyState: 1, send: () => {}, close: () => {} }
  const session = {
    remoteAddress: '127.0.0.1',
    connections: new Map(),
    authenticated: () => {},
    end: (code: ErrorCode) => outcome.resolve(code),
    enter: (connection: HocuspocusConnection) => outcome.resolve(connection)
  }
  return { session: session as unknown as Session, socket, outcome: outcome.promise }
}

const steps = async (count: number): Promise<void> => {
  for (let step = 0; step < count; step++) await Promise.resolve()
}

describe('somebody who comes while the room is closed behind the last one', () => {
  it('is let into a living room or sent away for now, whatever the moment', async () => {
    let gate = Promise.resolve()
    const { hocuspocus } = await start(() => gate)
    const request = new Request('http://localhost/ws')
    const join = (room: RoomName) => {
      const { session, socket, outcome } = takeDown()
      const client = hocuspocus.handleConnection(socket, request, { session })
      client.handleMessage(authMessage(room, ''))
      return { client, outcome }
    }
    const outcomes = new Set<string>()
    for (let lead = -40; lead < 40; lead++) {
      const room = newRoom()
      gate = Promise.resolve()
      const last = join(room)
      await last.outcome
      const opened = Promise.withResolvers<void>()
      gate = opened.promise
      const next = join(room)
      await steps(100)
      if (lead > 0) opened.resolve()
      await steps(Math.abs(lead))
      last.client.handleClose()
      await steps(Math.max(0, -lead))
      opened.resolve()
      const outcome = await next.outcome
      outcomes.add(typeof outcome === 'string' ? outcome : 'entered')
      if (typeof outcome === 'string') continue
      expect(outcome.document.isDestroyed, `${lead} steps`).toBe(false)
      expect(hocuspocus.documents.get(room), `${lead} steps`).toBe(outcome.document)
      next.client.handleClose()
    }
    expect([...outcomes].sort()).toEqual(['entered', 'resync'])
  })
})
