/** Nodes in one process, for tests and simulations: a hub on which each of them has a bus of its own. */
import { after } from '../clock.ts'
import type { Bus } from './bus.ts'

/** What becomes of one delivery: after how many milliseconds it arrives, once for each number; none: it is lost. */
export type Fate = (delivery: {
  readonly from: number
  readonly to: number
  readonly channel: string
}) => readonly number[]

export interface Hub {
  /** A bus for one more node. */
  connect(): Bus
  /** What becomes of each delivery from now on; null: all arrive at once. */
  setFate(fate: Fate | null): void
  /** Tells every bus that it may have missed something, as Redis does when it came back. */
  reconnect(): void
}

interface Plug {
  readonly number: number
  readonly listeners: Map<string, Set<(message: Uint8Array) => void>>
  readonly onMissed: Set<() => void>
}

export const createHub = (): Hub => {
  const plugs = new Set<Plug>()
  let fate: Fate | null = null
  let count = 0

  const deliver = (to: Plug, channel: string, message: Uint8Array): void => {
    if (!plugs.has(to)) return
    for (const listener of [...(to.listeners.get(channel) ?? [])]) listener(message)
  }
  const publish = (from: Plug, channel: string, message: Uint8Array): void => {
    if (!plugs.has(from)) return
    for (const to of plugs) {
      if (!to.listeners.has(channel)) continue
      const delays = fate?.({ from: from.number, to: to.number, channel }) ?? [0]
      for (const ms of delays) {
        if (ms <= 0) setImmediate(() => deliver(to, channel, message))
        else after(ms, () => deliver(to, channel, message))
      }
    }
  }
  return {
    setFate: (next) => {
      fate = next
    },
    reconnect: () => {
      for (const { onMissed } of plugs) for (const listener of [...onMissed]) listener()
    },
    connect: () => {
      const plug: Plug = { number: count++, listeners: new Map(), onMissed: new Set() }
      plugs.add(plug)
      return {
        isUp: true,
        hasOthers: true,
        subscribe: (channel, listener) => {
          const listeners = plug.listeners.get(channel) ?? new Set()
          plug.listeners.set(channel, listeners.add(listener))
          return {
            ready: Promise.resolve(),
            end: () => {
              listeners.delete(listener)
              if (listeners.size === 0) plug.listeners.delete(channel)
            }
          }
        },
        publish: (channel, message) => publish(plug, channel, message),
        onMissed: (listener) => {
          plug.onMissed.add(listener)
          return () => plug.onMissed.delete(listener)
        },
        suspect: () => {},
        close: async () => {
          plugs.delete(plug)
        }
      }
    }
  }
}
