/**
 * The bus between processes: Redis pub/sub, on a Redis Cluster sharded by channel. A hint and nothing more: while Redis is
 * away, or answers nothing, messages are dropped and counted, never kept.
 *
 *   connect ──▶ up ──lost, or silent──▶ down ──connected and subscribed again──▶ up: something may have been missed
 */
import type { Cluster, Redis } from 'ioredis'
import { randomBelow, sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Bus } from './bus.ts'
import type { RedisAddress } from './redis-address.ts'
import { connectCluster, connectRedis, resolveAddress } from './redis-client.ts'

export interface RedisBusParts {
  readonly address: RedisAddress
  readonly logger: Logger
  /** A message was sent, dropped, or received. */
  readonly counted: (what: 'sent' | 'dropped' | 'received') => void
}

const prefix = 'roomlog:'
/** What waits for an answer of Redis; more is dropped, and found missing by those who would have got it. */
const unansweredBytesMax = 16 * 1024 * 1024
/** How long whoever subscribes waits for Redis: a room is opened without it, too. */
const subscribeMsMax = 250
const subscribeAtOnce = 1_000

export const createRedisBus = ({ address, logger, counted }: RedisBusParts): Bus => {
  const listeners = new Map<string, Set<(message: Uint8Array) => void>>()
  const onMissed = new Set<() => void>()
  let link: Link | null = null
  let isClosed = false
  let unansweredBytes = 0
  const isUp = (): boolean => link?.isUp === true

  const receive = (name: string, message: Uint8Array): void => {
    counted('received')
    for (const listener of [...(listeners.get(name) ?? [])]) listener(message)
  }
  const reopened = (): void => {
    logger.info({ channels: listeners.size, mode: link?.mode }, 'redis connected')
    for (const listener of [...onMissed]) listener()
  }
  const open = async (): Promise<void> => {
    for (let faults = 0; !isClosed; faults++) {
      try {
        const found = await resolveAddress(address, logger)
        if (isClosed) return
        link = openLink({ address: found, logger, receive, channels: () => [...listeners.keys()], reopened })
        return
      } catch (error) {
        if (faults === 0) logger.warn({ err: error }, 'redis cannot be reached, retrying')
        await sleep(Math.min(1_000, 50 * 2 ** Math.min(faults, 6)) * (0.5 + randomBelow(0.5)))
      }
    }
  }
  void open()

  return {
    get isUp() {
      return isUp()
    },
    hasOthers: true,
    subscribe: (name, listener) => {
      const known = listeners.get(name)
      if (known === undefined) listeners.set(name, new Set([listener]))
      else known.add(listener)
      // Also while the link is subscribing to all that there were a moment ago.
      const asked = known === undefined ? link?.subscribe(name) : undefined
      const ready = Promise.race([asked ?? Promise.resolve(), sleep(subscribeMsMax)])
      return { ready, end: () => forget(listeners, name, listener, () => link?.unsubscribe(name)) }
    },
    publish: (name, message) => {
      if (link === null || !isUp() || unansweredBytes + message.length > unansweredBytesMax)
        return counted('dropped')
      unansweredBytes += message.length
      const answered = (what: 'sent' | 'dropped'): void => {
        unansweredBytes -= message.length
        counted(what)
      }
      link.publish(name, message).then(
        () => answered('sent'),
        () => answered('dropped')
      )
    },
    onMissed: (listener) => {
      onMissed.add(listener)
      return () => onMissed.delete(listener)
    },
    suspect: () => link?.renew(),
    close: async () => {
      isClosed = true
      link?.close()
    }
  } satisfies Bus
}

const forget = (
  listeners: Map<string, Set<(message: Uint8Array) => void>>,
  name: string,
  listener: (message: Uint8Array) => void,
  last: () => void
): void => {
  const known = listeners.get(name)
  if (known?.delete(listener) !== true || known.size > 0) return
  listeners.delete(name)
  last()
}

interface LinkParts {
  readonly address: RedisAddress
  readonly logger: Logger
  readonly receive: (name: string, message: Uint8Array) => void
  readonly channels: () => readonly string[]
  readonly reopened: () => void
}

/** The connections of a bus. */
interface Link {
  readonly mode: string
  readonly isUp: boolean
  publish(name: string, message: Uint8Array): Promise<unknown>
  /** Never rejects. */
  subscribe(name: string): Promise<void>
  unsubscribe(name: string): void
  /** Gives the connections up for new ones. */
  renew(): void
  close(): void
}

const openLink = (parts: LinkParts): Link =>
  parts.address.mode === 'cluster' ? openClusterLink(parts) : openServerLink(parts)

/** One server: a connection to publish on, and one that is told. */
const openServerLink = ({ address, logger, receive, channels, reopened }: LinkParts): Link => {
  const publisher = connectRedis(address)
  const subscriber = connectRedis(address)
  let isSubscribed = false
  const both = [publisher, subscriber]
  logFaults(both, logger)
  subscriber.on('messageBuffer', (channel: Buffer, message: Buffer) =>
    receive(channel.toString().slice(prefix.length), message)
  )
  subscriber.on('close', () => {
    isSubscribed = false
  })
  const isUp = (): boolean => isSubscribed && publisher.status === 'ready'
  const settle = (): void => {
    if (isUp()) reopened()
  }
  publisher.on('ready', settle)
  subscriber.on('ready', () => {
    void subscribeAll(channels(), (names) => subscriber.subscribe(...names)).then((isDone) => {
      isSubscribed = isDone
      if (isDone) settle()
      else subscriber.disconnect(true)
    })
  })
  return {
    mode: address.mode ?? 'standalone',
    get isUp() {
      return isUp()
    },
    publish: (name, message) => publisher.publish(prefix + name, toBuffer(message)),
    subscribe: (name) => quietly(subscriber.subscribe(prefix + name)),
    unsubscribe: (name) => void quietly(subscriber.unsubscribe(prefix + name)),
    renew: () => {
      for (const client of both) if (client.status === 'ready') client.disconnect(true)
    },
    close: () => {
      for (const client of both) client.disconnect()
    }
  }
}

/** A Redis Cluster: each channel has its node, and the client knows which. */
const openClusterLink = ({ address, logger, receive, channels, reopened }: LinkParts): Link => {
  let client: Cluster = connectCluster(address)
  let isSubscribed = false
  const begin = (): void => {
    const current = client
    logFaults([current], logger)
    current.on('smessageBuffer', (channel: Buffer, message: Buffer) =>
      receive(channel.toString().slice(prefix.length), message)
    )
    current.on('close', () => {
      isSubscribed = false
    })
    current.on('ready', () => {
      // Channels of one call would have to be of one slot.
      void subscribeAll(channels(), (names) =>
        Promise.all(names.map((name) => current.ssubscribe(name)))
      ).then((isDone) => {
        isSubscribed = isDone
        if (isDone) reopened()
      })
    })
  }
  begin()
  return {
    mode: 'cluster',
    get isUp() {
      return isSubscribed && client.status === 'ready'
    },
    publish: (name, message) => client.spublish(prefix + name, toBuffer(message)),
    subscribe: (name) => quietly(client.ssubscribe(prefix + name)),
    unsubscribe: (name) => void quietly(client.sunsubscribe(prefix + name)),
    renew: () => {
      client.disconnect()
      isSubscribed = false
      client = connectCluster(address)
      begin()
    },
    close: () => client.disconnect()
  }
}

const subscribeAll = async (
  names: readonly string[],
  subscribe: (names: string[]) => Promise<unknown>
): Promise<boolean> => {
  try {
    for (let from = 0; from < names.length; from += subscribeAtOnce)
      await subscribe(names.slice(from, from + subscribeAtOnce).map((name) => prefix + name))
    return true
  } catch {
    // The connection is gone again; the next one subscribes anew.
    return false
  }
}

/** A connection that is gone says so by itself, and all channels are subscribed to again. */
const quietly = async (asked: Promise<unknown>): Promise<void> => {
  await Promise.allSettled([asked])
}

const logFaults = (clients: readonly (Redis | Cluster)[], logger: Logger): void => {
  for (const client of clients) {
    let isKnown = false
    client.on('ready', () => {
      isKnown = false
    })
    client.on('error', (error: unknown) => {
      if (!isKnown) logger.warn({ err: error }, 'redis connection failed, retrying')
      isKnown = true
    })
  }
}

const toBuffer = (message: Uint8Array): Buffer => (Buffer.isBuffer(message) ? message : Buffer.from(message))
