/** The server that y-websocket 2 ships, in memory, behind `ws`. */
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { type WebSocket, WebSocketServer } from 'ws'
import { listensAt } from './listening.ts'

// It is CommonJS without types.
const { setupWSConnection } = createRequire(import.meta.url)('y-websocket-server/bin/utils') as {
  setupWSConnection(socket: WebSocket, request: IncomingMessage): void
}

const http = createServer()
new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', setupWSConnection)
http.listen(0, '127.0.0.1', () => {
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error(`no port: ${address}`)
  console.info(listensAt('y-websocket', address.port))
})
process.once('SIGTERM', () => process.exit(0))
