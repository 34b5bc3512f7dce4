/** The door for WebSockets: what may connect becomes a session that Hocuspocus serves; one sweep looks after all of them. */
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Hocuspocus } from '@hocuspocus/server'
import { type WebSocket, WebSocketServer } from 'ws'
import { type ErrorCode, errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import { networkOf } from '../auth/attempts.ts'
import { every, monotonic, now } from '../clock.ts'
import type { Config } from '../config.ts'
import { checkOrigin } from '../http/origin.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { Authority, Identity } from '../room/authorize.ts'
import type { SessionContext } from '../room/hocuspocus.ts'
import type { Room } from '../room/room.ts'
import { Session } from './session.ts'
import type { Turn } from './turn.ts'

export interface WebSocketsParts {
  readonly hocuspocus: Hocuspocus<SessionContext>
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly commits: GroupCommit
  readonly authority: Authority
  readonly turn: Turn
  readonly recentEntries: (room: Room) => Promise<readonly EntryMark[]>
}

export interface WebSockets {
  readonly sessions: ReadonlySet<Session>
  /** Answers an upgrade, or refuses it by HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
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
  const perNetwork = new Map<string, number>()
  let isDraining = false
  // Raw frames are written beside ws, which is safe as long as it does not compress or fragment.
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: config.frameBytesMax * frameReadFactor,
    clientTracking: false
  })

  const admit = (request: IncomingMessage): string => {
    if (isDraining) throw new RoomlogError('draining', 'this node is about to stop')
    // Anybody can ask for what is no address at all.
    if (URL.parse(request.url ?? '/', 'http://localhost')?.pathname !== path)
      throw new RoomlogError('not-found', `no socket at ${request.url}`)
    const { origin, host } = request.headers
    checkOrigin({ origin, host }, { allowed: config.allowedOrigins, takesGuests: authority.takesGuests })
    const network = networkOf(request.socket.remoteAddress ?? '')
    const count = perNetwork.get(network) ?? 0
    if (count >= config.sessionsPerAddressMax)
      throw new RoomlogError('too-many', `${count} sessions of ${network}`)
    return network
  }

  const accept = (ws: WebSocket, socket: Socket, network: string): void => {
    perNetwork.set(network, (perNetwork.get(network) ?? 0) + 1)
    const session = openSession(parts, ws, socket, (closed) => {
      sessions.delete(closed)
      const left = (perNetwork.get(network) ?? 1) - 1
      if (left > 0) perNetwork.set(network, left)
      else perNetwork.delete(network)
    })
    sessions.add(session)
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
    upgrade: (request, socket, head) => {
      socket.on('error', (error) => logger.debug({ err: error }, 'socket failed'))
      try {
        const network = admit(request)
        if (!(socket instanceof Socket)) throw new RoomlogError('internal', 'an upgrade without a TCP socket')
        server.handleUpgrade(request, socket, head, (ws) => accept(ws, socket, network))
      } catch (error) {
        if (!(error instanceof RoomlogError)) throw error
        parts.metrics.refused(error.reason)
        refuse(socket, error.reason, error.message)
      }
    },
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

const openSession = (
  parts: WebSocketsParts,
  ws: WebSocket,
  socket: Socket,
  onClosed: (session: Session) => void
): Session => {
  const { hocuspocus, config, logger, metrics, commits, turn, recentEntries } = parts
  const remoteAddress = socket.remoteAddress ?? ''
  const session = new Session({
    ws,
    socket,
    remoteAddress,
    config,
    logger,
    metrics,
    recentEntries,
    onClosed,
    join: (busy) => turn.join(busy),
    mayTakeMore: () => !commits.isFull
  })
  session.serveBy(hocuspocus.handleConnection(session, lightRequest, { session }))
  ws.on('message', (data: Buffer) => session.receive(data))
  ws.on('pong', () => session.heard())
  ws.on('close', (code, reason) => session.closed(code, String(reason)))
  // ws closes after every error of its own; what is wrong with a frame is in the close code.
  ws.on('error', (error) => logger.debug({ err: error, address: remoteAddress }, 'websocket failed'))
  return session
}

/** Hocuspocus reads address and headers of a request for hooks that nobody uses: one for all saves a kilobyte each. */
const lightRequest = new Request(`http://localhost${path}`)

const refuse = (socket: Duplex, code: ErrorCode, detail: string): void => {
  const { http } = errorCodes[code]
  // The other side may never close its half.
  socket.once('finish', () => socket.destroy())
  const body = JSON.stringify({
    type: 'about:blank',
    title: errorCodes[code].about,
    status: http,
    code,
    detail
  })
  socket.end(
    `HTTP/1.1 ${http} ${code}\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`
  )
}
