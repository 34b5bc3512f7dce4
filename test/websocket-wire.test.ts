import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { WebSocketWire } from '../server/session/websocket-wire.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A socket of ws and a wire on the other end of it. */
const openWire = async () => {
  const server = createServer()
  const webSockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const opened = Promise.withResolvers<{ ws: WebSocket; wire: WebSocketWire }>()
  server.on('upgrade', (request, socket, head) => {
    if (!(socket instanceof Socket)) throw new TypeError('no socket of TCP')
    webSockets.handleUpgrade(request, socket, head, (ws) => {
      const wire = new WebSocketWire(ws, socket)
      opened.resolve({ ws, wire })
    })
  })
  const client = new WebSocket(`ws://127.0.0.1:${port}`)
  closers.push(() => {
    client.terminate()
    server.close()
  })
  await once(client, 'open')
  return { client, ...(await opened.promise) }
}

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

it('G7: whoever paused is given no more than a slice of what one read brought, and all of it in the end', async () => {
  const { client, ws, wire } = await openWire()
  const frames = 20_000
  const sliceFramesMax = 4 * 1024
  const numbers: number[] = []
  const turns: number[] = []
  let ofTurn = 0
  ws.on('message', (data: Buffer) => {
    numbers.push(data.readUInt32BE())
    ofTurn++
    wire.pause()
  })
  for (let number = 0; number < frames; number++) {
    const frame = Buffer.alloc(4)
    frame.writeUInt32BE(number)
    client.send(frame)
  }
  while (numbers.length < frames) {
    await tick()
    turns.push(ofTurn)
    ofTurn = 0
    if (!wire.readSome()) wire.resume()
  }
  expect(numbers).toEqual(Array.from({ length: frames }, (_, number) => number))
  // The smallest frame of a client takes more than six bytes.
  expect(Math.max(...turns)).toBeLessThan(sliceFramesMax / 6)
})
