/** An HTTP/1.1 proxy between a browser and a server, as companies and hotels have them: it does to WebSockets and streams what those do. */
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request,
  type ServerResponse
} from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** pass. refuse: with a status. hang: never answered. swallow: answered, and nothing is passed on. */
export type Upgrades = 'pass' | 'refuse' | 'hang' | 'swallow'

interface Target {
  readonly port: number
}

export interface WebProxy extends AsyncDisposable {
  readonly url: string
  readonly wsUrl: string
  /** What becomes of new WebSockets. */
  upgrades: Upgrades
  /** New WebSockets are cut after so many bytes of the server; null: they are not. */
  cutAfterBytes: number | null
  /** Whether answers are held back until they have ended. */
  isBuffering: boolean
  /** WebSockets that pass now. */
  readonly sockets: number
  /** Requests so far, as in `GET /stream`. */
  readonly requests: readonly string[]
  /** Cuts the WebSockets that pass now. */
  cutSockets(): void
}

/** @param targets one server, or several that get a request each in turn: a load balancer that keeps nobody with one of them */
export const startWebProxy = async (...targets: readonly [Target, ...Target[]]): Promise<WebProxy> => {
  const upgraded = new Set<Duplex>()
  const all = new Set<Socket>()
  const requests: string[] = []
  let turn = 0
  const nextPort = (): number => (targets[turn++ % targets.length] ?? targets[0]).port
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`)
    passOn(incoming, outgoing, nextPort(), proxy.isBuffering)
  })
  server.on('connection', (socket: Socket) => {
    all.add(socket)
    socket.on('close', () => all.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('upgrade', (incoming, client, head) => {
    if (proxy.upgrades === 'hang') return
    if (proxy.upgrades === 'refuse')
      return client.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    const isSwallowed = proxy.upgrades === 'swallow'
    upgraded.add(client)
    client.on('close', () => upgraded.delete(client))
    tunnel(incoming, client, head, nextPort(), { isSwallowed, bytesMax: proxy.cutAfterBytes })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`listens on ${address}`)
  const proxy: WebProxy = {
    url: `http://127.0.0.1:${address.port}`,
    wsUrl: `ws://127.0.0.1:${address.port}`,
    upgrades: 'pass',
    cutAfterBytes: null,
    isBuffering: false,
    get sockets() {
      return upgraded.size
    },
    requests,
    cutSockets: () => {
      for (const socket of upgraded) socket.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of all) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return proxy
}

const passOn = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  port: number,
  isBuffering: boolean
): void => {
  const { method, url: path, headers } = incoming
  const onward: ClientRequest = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    const head = (): unknown => outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
    if (!isBuffering) {
      head()
      outgoing.flushHeaders()
      answer.pipe(outgoing)
      return
    }
    const pieces: Buffer[] = []
    answer.on('data', (piece: Buffer) => pieces.push(piece))
    answer.on('end', () => {
      head()
      outgoing.end(Buffer.concat(pieces))
    })
  })
  onward.on('error', () => outgoing.destroy())
  outgoing.on('close', () => onward.destroy())
  incoming.pipe(onward)
}

const tunnel = (
  { method, url, rawHeaders }: IncomingMessage,
  client: Duplex,
  head: Buffer,
  port: number,
  { isSwallowed, bytesMax }: { readonly isSwallowed: boolean; readonly bytesMax: number | null }
): void => {
  const server = connect({ port, host: '127.0.0.1', noDelay: true })
  const headers = Array.from({ length: rawHeaders.length / 2 }, (_, index) =>
    rawHeaders.slice(index * 2, index * 2 + 2).join(': ')
  )
  server.write([`${method} ${url} HTTP/1.1`, ...headers, '\r\n'].join('\r\n'))
  server.write(head)
  let passed = 0
  server.on('data', (data) => {
    // The answer to the upgrade comes first, and by itself.
    if (isSwallowed && passed > 0) return
    passed += data.length
    client.write(data)
    if (bytesMax !== null && passed > bytesMax) client.destroy()
  })
  if (!isSwallowed) client.pipe(server)
  for (const [socket, other] of [
    [client, server],
    [server, client]
  ] as const) {
    socket.on('error', () => other.destroy())
    socket.on('close', () => other.destroy())
  }
}
