/** A room's place on the connection, from one document to the next: tokens, refusals, and trying again. */
import type { Awareness } from 'y-protocols/awareness'
import type * as Y from 'yjs'
import { type ErrorCode, errorCodes, readReason } from '../../schema/error-codes.ts'
import type { ClientMessage, ServerMessage } from '../../schema/messages.ts'
import type { RoomName } from '../../schema/room-name.ts'
import { after, every, randomBelow } from '../clock.ts'
import type { Connection } from './connection.ts'
import { reactionTo, retryDelay } from './retry.ts'
import { createRoomLink, type RoomLink } from './room-link.ts'

/** Gets a token for a room. `refused`: the last one was. */
export type Auth = (room: RoomName, why: { readonly refused: boolean }) => Promise<{ readonly token: string }>

export interface RefusedUpdate {
  readonly code: ErrorCode
  readonly reason: string
  readonly path: string | null
}

export interface RoomSessionHandlers {
  authenticated(): void
  linked(): void
  unlinked(): void
  received(message: Exclude<ServerMessage, { readonly type: 'refused' }>): void
  /** An update was refused for good, and with it every later one of this document. */
  refused(refusal: RefusedUpdate): void
  /** The room is refused for good. */
  failed(code: ErrorCode, reason: string): void
  /** Something was refused that the room can do without, or for now. */
  told(code: ErrorCode, message: string, retry: boolean, path?: string | null): void
  shown(state: unknown): void
}

interface RoomSessionOptions {
  readonly connection: Connection
  readonly name: RoomName
  readonly auth: Auth | undefined
  readonly handlers: RoomSessionHandlers
}

export interface RoomSession {
  /** Begins to sync a document. @returns the awareness that goes with it */
  open(doc: Y.Doc): Awareness
  /** Ends what `open` began. */
  close(): void
  send(message: ClientMessage): void
  askPresence(): void
  /** The origin of what comes from the server; null while nothing is open. */
  readonly origin: object | null
  readonly isLinked: boolean
  readonly isAuthenticated: boolean
}

/** A token that was not answered for so long is sent again: the server takes each once. */
const answerWithinMs = 5000
/** How long a refusal's reason may come after the refusal. */
const reasonWithinMs = 1000

export const createRoomSession = ({ connection, name, auth, handlers }: RoomSessionOptions): RoomSession => {
  let link: RoomLink | null = null
  let isLinked = false
  let isTokenRefused = false
  let attempt = 0
  let cancelRetry: () => void = () => {}
  let stopAsking: () => void = () => {}
  /** Runs while the reason of a refusal is waited for. */
  let cancelReason: (() => void) | null = null

  const token = async (): Promise<string> => {
    if (auth === undefined) return ''
    const { token } = await auth(name, { refused: isTokenRefused || connection.isTokenRefused })
    return token
  }
  const authenticated = (): void => {
    attempt = 0
    isTokenRefused = false
    connection.worked()
    handlers.authenticated()
  }
  const denied = (reason: string): void => {
    const { code, reaction, delayMsMin } = reactionTo(reason)
    if (reaction === 'refresh' && !isTokenRefused) {
      isTokenRefused = true
      link?.again()
    } else if (reaction === 'retry') {
      const named = readReason(reason)
      handlers.told(code, named === null ? reason : named.detail || errorCodes[code].about, true)
      cancelRetry()
      cancelRetry = after(delayMsMin + retryDelay(attempt++, randomBelow(1)), () => link?.again())
    } else handlers.failed(code, errorCodes[code].about)
  }
  const refused = (refusal: RefusedUpdate): void => {
    cancelReason?.()
    cancelReason = null
    handlers.refused(refusal)
  }
  const received = (message: ServerMessage): void => {
    if (message.type !== 'refused') handlers.received(message)
    else {
      const { code, detail, path } = message
      if (cancelReason !== null) refused({ code, reason: detail, path })
      else handlers.told(code, detail, errorCodes[code].retry, path)
    }
  }
  const linked = (): void => {
    isLinked = true
    handlers.linked()
  }
  const unlinked = (): void => {
    isLinked = false
    handlers.unlinked()
  }
  /** The server says in one message that an update was not applied, and in the next why. */
  const notApplied = (): void => {
    const code = 'update-incomplete'
    cancelReason ??= after(reasonWithinMs, () =>
      refused({ code, reason: errorCodes[code].about, path: null })
    )
  }

  return {
    open: (doc) => {
      const { shown } = handlers
      link = createRoomLink({
        socket: connection.socket,
        name,
        doc,
        handlers: { token, authenticated, denied, linked, unlinked, received, notApplied, shown }
      })
      link.attach()
      connection.open()
      stopAsking = every(answerWithinMs, () => {
        if (connection.link.get() === 'open' && link?.isAuthenticated === false) link.again()
      })
      return link.awareness
    },
    close: () => {
      const closing = link
      link = null
      stopAsking()
      cancelRetry()
      cancelReason?.()
      cancelReason = null
      isTokenRefused = false
      if (isLinked) unlinked()
      closing?.destroy()
    },
    send: (message) => link?.send(message),
    askPresence: () => link?.askPresence(),
    get origin() {
      return link?.origin ?? null
    },
    get isLinked() {
      return isLinked
    },
    get isAuthenticated() {
      return link?.isAuthenticated ?? false
    }
  }
}
