/** The door for WebSockets: `/ws` speaks the Hocuspocus protocol, `/y/<room>` that of y-websocket. */
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import type { Config } from '../config.ts'
import { toProblem } from '../http/problem.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { Caller } from './session.ts'
import type { Sessions } from './sessions.ts'
import { WebSocketWire } from './websocket-wire.ts'
import { readYRoom, type YRoom, YWebSocketWire } from './y-websocket.ts'

export interface WebSocketsParts {
  readonly sessions: Sessions
  readonly config: Pick<Config, 'frameBytesMax'>
  readonly logger: Logger
  readonly metrics: Metrics
}

export interface WebSockets {
  /** Answers an upgrade, or refuses it by HTTP. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  close(): void
}

const path = '/ws'
/** Above this a frame is not even read: the socket is closed with 1009. Up to it, the sender is told what is wrong. */
const frameReadFactor = 4

export const createWebSockets = ({ sessions, config, logger, metrics }: WebSocketsParts): WebSockets => {
  // Raw frames are written beside ws, which is safe as long as it does not compress or fragment.
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: config.frameBytesMax * frameReadFactor,
    clientTracking: false
  })

  const open = (caller: Caller, ws: WebSocket, socket: Socket, room: YRoom | null): void => {
    const wire = room === null ? new WebSocketWire(ws, socket) : new YWebSocketWire(ws, socket)
    const session = sessions.open(caller, wire)
    ws.on('message', (data: Buffer) => session.receive(room === null ? data : room.addressed(data)))
    ws.on('pong', () => session.heard())
    ws.on('close', () => session.closed())
    // ws closes after every error of its own; what is wrong with a frame is in the close code.
    ws.on('error', (error) => logger.debug({ err: error, address: caller.remoteAddress }, 'websocket failed'))
    if (room !== null) session.receive(room.tokenMessage)
  }

  return {
    async upgrade(request, socket, head) {
      socket.on('error', (error) => logger.debug({ err: error }, 'socket failed'))
      try {
        const caller = await sessions.admit(request)
        const room = request.url === path ? null : roomAt(request.url ?? '/')
        if (!(socket instanceof Socket)) throw new RoomlogError('internal', 'an upgrade without a TCP socket')
        server.handleUpgrade(request, socket, head, (ws) => open(caller, ws, socket, room))
      } catch (error) {
        if (!(error instanceof RoomlogError)) throw error
        metrics.refused(error.reason)
        refuse(socket, error)
      }
    },
    close: () => server.close()
  }
}

/** The room that the address is for; null: for many. @throws RoomlogError 'not-found' */
const roomAt = (address: string): YRoom | null => {
  // Anybody can ask for what is no address at all.
  const url = URL.parse(address, 'http://localhost')
  const room = readYRoom(url)
  if (room === null && url?.pathname !== path)
    throw new RoomlogError('not-found', `no socket at ${url?.pathname}`)
  return room
}

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
