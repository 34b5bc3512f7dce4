import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { WebSocketWire } from '../server/session/websocket-wire.ts'
import { waitUntil } from './support/wait-until.ts'

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

it('G7: who is sent away is told why, and what they still send is not taken apart', async () => {
  const { client, ws, wire } = await openWire()
  const frames = 200_000
  let heard = 0
  ws.on('message', () => {
    if (heard++ === 0) wire.close(4429, 'too-many')
  })
  ws.on('error', () => heard)
  const ended = once(client, 'close')
  for (let frame = 0; frame < frames && client.readyState === client.OPEN; frame++)
    client.send(Buffer.alloc(4))
  expect((await ended)[0]).toBe(4429)
  await waitUntil(() => ws.readyState === ws.CLOSED, { about: 'the wire to be closed' })
  expect(heard).toBeLessThan(frames / 10)
})
