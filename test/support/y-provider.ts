import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { waitUntil } from './wait-until.ts'

/** A y-websocket provider as its makers deliver it. */
export interface YProvider extends Disposable {
  readonly provider: WebsocketProvider
  readonly document: Y.Doc
  /** How it was closed for good; null: it was not. */
  readonly closed: { readonly code: number; readonly reason: string } | null
  /** Resolves when it says that it has the room. */
  synced(): Promise<void>
}

/** @param wsUrl of a server, `ws://host:port` */
export const openYProvider = (
  wsUrl: string,
  room: string,
  { document = new Y.Doc(), token = '' }: { document?: Y.Doc; token?: string } = {}
): YProvider => {
  const provider = new WebsocketProvider(`${wsUrl}/y`, room, document, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    params: token === '' ? {} : { token },
    // Two of them in one process would meet without a server.
    disableBc: true,
    maxBackoffTime: 200
  })
  let closed: YProvider['closed'] = null
  provider.on('closed', (ending) => {
    closed = ending
  })
  return {
    provider,
    document,
    get closed() {
      return closed
    },
    synced: async () => {
      await waitUntil(() => provider.synced, { about: `${room} to be synced` })
    },
    [Symbol.dispose]: () => {
      provider.destroy()
      provider.awareness.destroy()
    }
  }
}
