/** The door for WebSockets: what may connect becomes a session that Hocuspocus serves; one sweep looks after all of them. */
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Hocuspocus } from '@hocuspocus/server'
import { type WebSocket, WebSocketServer } from 'ws'
import { errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import type { Identity } from '../auth/identity.ts'
import { every, monotonic, now } from '../clock.ts'
import type { Config } from '../config.ts'
import { checkOrigin } from '../http/origin.ts'
import { toProblem } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { createPerSecond } from '../per-second.ts'
import { type AddressOf, networkOf } from '../remote-address.ts'
import type { Authority } from '../room/authorize.ts'
import type { SessionContext } from '../room/hocuspocus.ts'
import type { Room } from '../room/room.ts'
import { Tally } from './limits.ts'
import { Session, type SessionParts } from './session.ts'
import type { Turn } from './turn.ts'
import { WebSocketWire } from './websocket-wire.ts'

export interface WebSocketsParts {
  readonly hocuspocus: Hocuspocus<SessionContext>
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly authority: Authority
  readonly addressOf: AddressOf
  readonly turn: Turn
  readonly recentEntries: (room: Room) => Promise<readonly EntryMark[]>
}

export interface WebSockets {
  readonly sessions: ReadonlySet<Session>
  /** Answers an upgrade, or refuses it by HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  /** Refuses new sessions and asks those that are there to come back elsewhere. */
  drain(): void
  close(): void
}

const path = '/ws'
const sweepMs = 1_000
/** Above this a frame is not even read: the socket is closed with 1009. Up to it, the sender is told what is wrong. */
const frameReadFactor = 4

export const createWebSockets = (parts: WebSocketsParts): WebSockets => {
  const { config, authority, logger } = parts
  const sessions = new Set<Session>()
  const ofNetworks = new Tally({ what: 'sessions from this address', most: config.sessionsPerAddressMax })
  const ofUsers = new Tally({ what: 'sessions of this user', most: config.sessionsPerUserMax })
  const connects = createPerSecond({
    what: 'connects/s from this address',
    most: config.connectsPerSecondMax
  })
  let isDraining = false
  // Raw frames are written beside ws, which is safe as long as it does not compress or fragment.
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: config.frameBytesMax * frameReadFactor,
    clientTracking: false
  })

  const admit = (request: IncomingMessage, network: string): void => {
    if (isDraining) throw new RoomlogError('draining', 'this node is about to stop')
    // Anybody can ask for what is no address at all.
    if (URL.parse(request.url ?? '/', 'http://localhost')?.pathname !== path)
      throw new RoomlogError('not-found', `no socket at ${request.url}`)
    const { origin, host } = request.headers
    checkOrigin({ origin, host }, { allowed: config.allowedOrigins, takesGuests: authority.takesGuests })
    ofNetworks.assertRoom(network)
  }

  const accept = (ws: WebSocket, socket: Socket, { remoteAddress, userAgent, network }: Caller): void => {
    ofNetworks.add(network)
    const onClosed = (session: Session): void => {
      sessions.delete(session)
      ofNetworks.remove(network)
    }
    const wire = new WebSocketWire(ws, socket)
    sessions.add(openSession(parts, ws, { wire, remoteAddress, userAgent, ofUsers, onClosed }))
  }

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    socket.on('error', (error) => logger.debug({ err: error }, 'socket failed'))
    const remoteAddress = parts.addressOf(request)
    const network = networkOf(remoteAddress)
    try {
      // Before all else: a storm of connects is answered while that costs least.
      await connects.take(network)
      admit(request, network)
      if (!(socket instanceof Socket)) throw new RoomlogError('internal', 'an upgrade without a TCP socket')
      server.handleUpgrade(request, socket, head, (ws) =>
        accept(ws, socket, { remoteAddress, userAgent: userAgentOf(request), network })
      )
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      parts.metrics.refused(error.reason)
      refuse(socket, error)
    }
  }

  const stopSweep = every(sweepMs, () => {
    const monotonicNow = monotonic()
    const date = now()
    for (const session of [...sessions]) session.sweep(monotonicNow, date)
  })
  const stopRevoked = authority.onRevoked((isAffected: (identity: Identity) => boolean) => {
    for (const session of [...sessions]) session.expel(isAffected, 'token-invalid')
  })

  return {
    sessions,
    upgrade,
    drain: () => {
      isDraining = true
      for (const session of [...sessions]) session.end('draining', 'this node is about to stop')
    },
    close: () => {
      stopSweep()
      stopRevoked()
      server.close()
    }
  }
}

interface Caller {
  readonly remoteAddress: string
  readonly userAgent: string
  readonly network: string
}

const userAgentLengthMax = 256

const userAgentOf = ({ headers }: IncomingMessage): string =>
  (headers['user-agent'] ?? '').slice(0, userAgentLengthMax)

const openSession = (
  { hocuspocus, config, logger, metrics, turn, recentEntries }: WebSocketsParts,
  ws: WebSocket,
  own: Pick<SessionParts, 'wire' | 'remoteAddress' | 'userAgent' | 'ofUsers' | 'onClosed'>
): Session => {
  const session = new Session({ ...own, config, logger, metrics, turn, recentEntries })
  session.hocuspocus.serveBy(hocuspocus.handleConnection(session.hocuspocus, lightRequest, { session }))
  ws.on('message', (data: Buffer) => session.receive(data))
  ws.on('pong', () => session.heard())
  ws.on('close', (code, reason) => session.closed(code, String(reason)))
  // ws closes after every error of its own; what is wrong with a frame is in the close code.
  ws.on('error', (error) => logger.debug({ err: error, address: own.remoteAddress }, 'websocket failed'))
  return session
}

/** Hocuspocus reads address and headers of a request for hooks that nobody uses: one for all saves a kilobyte each. */
const lightRequest = new Request(`http://localhost${path}`)

const refuse = (socket: Duplex, error: RoomlogError): void => {
  // The other side may never close its half.
  socket.once('finish', () => socket.destroy())
  const body = JSON.stringify(toProblem(error))
  const { http } = errorCodes[error.reason]
  const retryAfter = error.retrySeconds === null ? '' : `retry-after: ${error.retrySeconds}\r\n`
  socket.end(
    `HTTP/1.1 ${http} ${error.reason}\r\ncontent-type: application/problem+json\r\n${retryAfter}` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
