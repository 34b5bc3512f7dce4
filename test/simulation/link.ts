/** A network between somebody and a server: TCP, byte for byte, until it fails. */
import { connect, createServer, type Socket } from 'node:net'

export interface Link extends AsyncDisposable {
  readonly port: number
  /** Resets all connections that are there. */
  cut(): void
  /** From now on nothing gets through: connections that are there stay open, new ones are refused. */
  silence(): void
  /** It carries everything again; those that were silenced are found to be dead. */
  heal(): void
}

/** @param target where a new connection leads now; null: nowhere */
export const startLink = async (target: () => number | null): Promise<Link> => {
  const connections = new Set<() => void>()
  let isSilent = false
  const server = createServer((near) => {
    const port = target()
    if (port === null || isSilent) return void near.resetAndDestroy()
    const far = connect({ port, host: '127.0.0.1', noDelay: true })
    near.setNoDelay(true)
    const end = (): void => {
      connections.delete(end)
      near.resetAndDestroy()
      far.resetAndDestroy()
    }
    connections.add(end)
    carry(near, far, () => isSilent)
    carry(far, near, () => isSilent)
    near.on('close', () => {
      connections.delete(end)
      far.end()
    })
  })
  const cut = (): void => {
    for (const end of [...connections]) end()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`listens on ${address}`)
  return {
    port: address.port,
    cut,
    silence: () => {
      isSilent = true
    },
    heal: () => {
      if (!isSilent) return
      isSilent = false
      cut()
    },
    [Symbol.asyncDispose]: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}

/**
 * No faster than the other side reads. What comes in silence is lost. Whoever ends leaves what was sent before to the
 * other side.
 */
const carry = (from: Socket, to: Socket, isSilent: () => boolean): void => {
  from.on('data', (bytes) => {
    if (isSilent() || to.destroyed || to.write(bytes)) return
    from.pause()
    to.once('drain', () => from.resume())
  })
  from.on('error', () => to.end())
  from.on('end', () => to.end())
}
