/**
 * The floor: what a Node server with `ws` pays for receiving an update, passing it to the others of the room and
 * answering the sender. It reads the room's name of the first message and two bytes of each that follows; it has no
 * document, no Yjs, no storage and no memory of what it passed on.
 *
 * | it hears        | it answers |
 * |-----------------|------------|
 * | token           | "you may write" |
 * | sync, step 0    | an empty document |
 * | awareness       | the message, unchanged, to every other socket of the room |
 * | sync, step 1, 2 | the message, unchanged, to every other socket of the room (step 2 only); then one acknowledgement to the sender |
 */
import { createServer } from 'node:http'
import { type RawData, type WebSocket, WebSocketServer } from 'ws'
import { listensAt } from './listening.ts'

const rooms = new Map<string, Set<WebSocket>>()

const accept = (socket: WebSocket): void => {
  let prefixLength = 0
  let ack = Buffer.alloc(0)
  let members = new Set<WebSocket>()

  const enter = (message: Buffer): void => {
    // A name of fewer than 128 bytes: its length is one byte.
    prefixLength = 1 + (message[0] ?? 0)
    const prefix = message.subarray(0, prefixLength)
    const name = prefix.toString('latin1', 1)
    members = rooms.get(name) ?? new Set()
    rooms.set(name, members.add(socket))
    socket.once('close', () => members.delete(socket))
    ack = Buffer.concat([prefix, Uint8Array.of(8, 1)])
    socket.send(Buffer.concat([prefix, Uint8Array.of(2, 2, 10), Buffer.from('read-write')]))
  }

  socket.on('message', (data: RawData) => {
    if (!Buffer.isBuffer(data)) return
    if (prefixLength === 0) {
      enter(data)
      return
    }
    const type = data[prefixLength]
    if (type === 1) for (const member of members) if (member !== socket) member.send(data)
    if (type !== 0) return
    const step = data[prefixLength + 1]
    if (step === 0) {
      socket.send(Buffer.concat([data.subarray(0, prefixLength), Uint8Array.of(0, 1, 2, 0, 0)]))
      return
    }
    if (step === 2) for (const member of members) if (member !== socket) member.send(data)
    socket.send(ack)
  })
}

const http = createServer()
new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', accept)
http.listen(0, '127.0.0.1', () => {
  const address = http.address()
  if (address === null || typeof address === 'string') throw new Error(`no port: ${address}`)
  console.info(listensAt('relay', address.port))
})
process.once('SIGTERM', () => process.exit(0))
