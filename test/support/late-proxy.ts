/** A line between two programs on which everything comes late: all of it, in its order. */
import { connect, createServer, type Socket } from 'node:net'

export interface LateProxy extends AsyncDisposable {
  readonly port: number
  /** How late, each way; what is on its way already, and so all that follows it, stays as late as it was. */
  lateMs: number
}

export const startLateProxy = async (target: { readonly port: number }): Promise<LateProxy> => {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const there = connect(target.port, '127.0.0.1')
    for (const [from, to] of [
      [client, there],
      [there, client]
    ] as const) {
      sockets.add(from)
      let dueAt = 0
      const waiting: Buffer[] = []
      from.on('data', (chunk: Buffer) => {
        dueAt = Math.max(dueAt, performance.now() + proxy.lateMs)
        waiting.push(chunk)
        // Nothing overtakes what came before it, also where two timers end together.
        setTimeout(() => to.write(waiting.shift() ?? ''), dueAt - performance.now())
      })
      from.on('error', () => from.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`listens on ${address}`)
  const proxy: LateProxy = {
    port: address.port,
    lateMs: 0,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    }
  }
  return proxy
}
