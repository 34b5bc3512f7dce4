/** One socket for all rooms of a client: when it connects, when it gives up, and whether anybody is there. */
import { type ErrorCode, errorCodes, readReason } from '../../schema/error-codes.ts'
import { after, every, monotonic, now, randomBelow } from '../clock.ts'
import { createListeners, createStore, type Store } from '../store.ts'
import { answerMs, beat, drowsyMs, type Pulse, watchfulMs } from './heartbeat.ts'
import { page } from './page.ts'
import { createProbe } from './probe.ts'
import { reactionTo, retryDelay } from './retry.ts'
import { Socket } from './socket.ts'
import { createWays, type Transport } from './ways.ts'

/** idle: nobody wants it. waiting: until `retryAt`. failed: refused for good. */
export type Link = 'idle' | 'connecting' | 'open' | 'waiting' | 'failed'

/** Somebody on the connection who can ask the server for a sign of life. */
export interface Prober {
  /** The server answers it: authenticated. */
  readonly isLive: boolean
  /** Something unconfirmed is on its way: worth finding a dead link sooner. */
  readonly hasPending: boolean
  /** Asks for what is answered when everything before it is committed; false if such a question is open already. */
  askProof(): boolean
  /** Asks for what is answered at once. */
  askPresence(): void
}

export interface Connection {
  readonly socket: Socket
  readonly link: Store<Link>
  readonly retryAt: Store<Date | null>
  /** The connection moves to a better way: it is gone for a moment, and that is no cause for alarm. */
  readonly isMoving: boolean
  /** Connects if nobody wanted to before; a connection lasts until `close`. */
  open(): void
  /** Tries now, whatever was refused before. */
  retryNow(): void
  /** Counts as a working connection: the next attempts begin without delay again. */
  worked(): void
  /** The server refused the whole connection for good. */
  onFailed(listener: (code: ErrorCode, reason: string) => void): () => void
  /** The last token was refused, so that the next should be fresh. */
  readonly isTokenRefused: boolean
  addProber(prober: Prober): () => void
  close(): void
}

const openWithinMs = 10_000
/** So long, while there are other ways: people wait. */
const openSoonMs = 3_000
const wakeSpreadMs = 500
/** After the network changed or the machine slept: how long the server has to answer. */
const wakeAnswerMs = 1500
const tickMs = 500

/** What is known of an attempt, and of the connection that it became. */
interface Trial {
  openedAt: number | null
  wasHeard: boolean
  /** It was we who ended it, for nothing was heard. */
  isGivenUp: boolean
}

export const createConnection = (url: string, transport: Transport = 'auto'): Connection => {
  const link = createStore<Link>('idle')
  const retryAt = createStore<Date | null>(null)
  const failed = createListeners<[ErrorCode, string]>()
  const probers = new Set<Prober>()
  let attempt = 0
  let isTokenRefused = false
  let pulse: Pulse = { heardAt: 0, askedAt: null, isAskedTwice: false }
  let cancelTimer: () => void = () => {}
  const ways = createWays(transport)
  let trial: Trial = { openedAt: null, wasHeard: false, isGivenUp: false }
  let isMoving = false
  let isLetGo = false

  const socket = new Socket(url, {
    opened: () => {
      trial.openedAt = monotonic()
      pulse = { heardAt: monotonic(), askedAt: null, isAskedTwice: false }
      link.set('open')
    },
    heard: () => {
      if (!trial.wasHeard) answered()
      pulse = { heardAt: monotonic(), askedAt: null, isAskedTwice: false }
    },
    ended: (code, reason) => {
      if (isLetGo) return
      if (link.get() === 'open' || link.get() === 'connecting') ended(code, reason)
    }
  })

  const connect = (): void => {
    cancelTimer()
    retryAt.set(null)
    trial = { openedAt: null, wasHeard: false, isGivenUp: false }
    if (!isMoving) link.set('connecting')
    const hasOthers = transport !== 'websocket' && ways.current !== 'poll'
    cancelTimer = after(hasOthers ? openSoonMs : openWithinMs, giveUp)
    socket.connectBy(ways.current)
  }
  /** What the server says first shows that messages get through, both ways. */
  const answered = (): void => {
    trial.wasHeard = true
    cancelTimer()
    if (ways.current !== 'websocket' && transport === 'auto') probe.start()
  }
  const giveUp = (): void => {
    trial.isGivenUp = true
    socket.cut(timedOut)
  }
  const probe = createProbe(url, () => {
    if (link.get() !== 'open' || ways.current === 'websocket') return
    ways.reopened()
    isMoving = true
    isLetGo = true
    socket.cut(timedOut)
    isLetGo = false
    cancelTimer = after(0, connect)
  })
  const connectIn = (ms: number): void => {
    cancelTimer()
    retryAt.set(new Date(now() + ms))
    link.set('waiting')
    cancelTimer = after(ms, connect)
  }
  const ended = (closeCode: number, reason: string): void => {
    isMoving = false
    probe.stop()
    const { openedAt, wasHeard, isGivenUp } = trial
    const isOtherWorthIt = ways.ended({
      wasHeard,
      isNamed: !isGivenUp && readReason(reason) !== null,
      openMs: openedAt === null ? 0 : monotonic() - openedAt,
      isHeldBack: isGivenUp && openedAt === null
    })
    const { code, reaction, delayMsMin } = reactionTo(reason, closeCode)
    if (reaction === 'stop' || (reaction === 'refresh' && isTokenRefused)) {
      cancelTimer()
      link.set('failed')
      failed.tell(code, reason || errorCodes[code].about)
      return
    }
    isTokenRefused = reaction === 'refresh'
    connectIn(isOtherWorthIt ? 0 : delayMsMin + retryDelay(attempt++, randomBelow(1)))
  }
  const ask = (isAgain: boolean): void => {
    const prober = [...probers].find(({ isLive }) => isLive)
    if (prober === undefined) return
    pulse = { ...pulse, askedAt: pulse.askedAt ?? monotonic(), isAskedTwice: isAgain || pulse.isAskedTwice }
    if (isAgain || !prober.askProof()) prober.askPresence()
  }
  const tick = (): void => {
    if (link.get() !== 'open') return
    const isWatchful = page.isVisible || [...probers].some(({ hasPending }) => hasPending)
    const next = beat(pulse, monotonic(), isWatchful ? watchfulMs : drowsyMs)
    if (next === 'cut') giveUp()
    else if (next !== 'rest') ask(next === 'ask-again')
  }
  const wake = (): void => {
    probe.hurry()
    if (link.get() === 'waiting') connectIn(randomBelow(wakeSpreadMs))
    if (link.get() !== 'open') return
    ask(true)
    if (pulse.askedAt !== null) {
      pulse = { ...pulse, askedAt: Math.min(pulse.askedAt, monotonic() - answerMs + wakeAnswerMs) }
    }
  }
  let stopWatching: () => void = () => {}
  const watch = (): void => {
    const [leavePage, stopTicking] = [page.onWake(wake), every(tickMs, tick)]
    stopWatching = () => {
      leavePage()
      stopTicking()
    }
  }

  return {
    socket,
    link,
    retryAt,
    get isMoving() {
      return isMoving
    },
    open: () => {
      if (link.get() !== 'idle') return
      watch()
      connect()
    },
    retryNow: () => {
      if (link.get() === 'waiting' || link.get() === 'failed') connect()
    },
    worked: () => {
      attempt = 0
      isTokenRefused = false
      isMoving = false
    },
    onFailed: failed.add,
    get isTokenRefused() {
      return isTokenRefused
    },
    addProber: (prober) => {
      probers.add(prober)
      return () => void probers.delete(prober)
    },
    close: () => {
      cancelTimer()
      probe.stop()
      stopWatching()
      link.set('idle')
      socket.destroy()
    }
  }
}

const timedOut = { code: errorCodes.idle.close, reason: 'idle' }
