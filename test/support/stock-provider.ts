import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { waitUntil } from './wait-until.ts'

/** A provider as its makers deliver it, on a socket of its own. */
export interface StockProvider extends Disposable {
  readonly provider: HocuspocusProvider
  readonly document: Y.Doc
  /** Resolves when it says that it has the room, and that the room has all of it. */
  settled(timeoutMs?: number): Promise<void>
}

/** One that is destroyed before it is open says so once more when nobody listens to it any longer. */
class HeardWebSocket extends WebSocket {
  constructor(address: string | URL) {
    super(address)
    this.on('error', () => this.readyState)
  }
}

/** @param wsUrl of a server, `ws://host:port`. It comes back by itself; sooner than the default, for speed. */
export const openProvider = (
  wsUrl: string,
  room: string,
  document = new Y.Doc(),
  token = ''
): StockProvider => {
  const websocketProvider = new HocuspocusProviderWebsocket({
    url: `${wsUrl}/ws`,
    WebSocketPolyfill: HeardWebSocket,
    delay: 100,
    minDelay: 100,
    maxDelay: 500
  })
  const provider = new HocuspocusProvider({ websocketProvider, name: room, document, token })
  // A socket of its own attaches its provider by itself, one that is given does not.
  provider.attach()
  return {
    provider,
    document,
    settled: async (timeoutMs = 20_000) => {
      await waitUntil(() => provider.isSynced && !provider.hasUnsyncedChanges, {
        about: `${room} to be synced, ${provider.unsyncedChanges} changes are not`,
        timeoutMs
      })
    },
    [Symbol.dispose]: () => {
      provider.destroy()
      websocketProvider.destroy()
    }
  }
}
