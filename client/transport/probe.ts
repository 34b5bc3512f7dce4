/** Looks now and then whether WebSockets get through again. */
import { after, randomBelow } from '../clock.ts'

export interface Probe {
  /** From now on, until `stop`. */
  start(): void
  /** Looks soon: something has changed. */
  hurry(): void
  stop(): void
}

const firstMs = 5_000
const longestMs = 300_000
const soonMs = 500
const answerWithinMs = 5_000
/** A ping of one byte is what providers say, who expect no answer. */
const ping = Uint8Array.of(9, 9)

/** @param found a WebSocket opened, and the server answered on it */
export const createProbe = (url: string, found: () => void): Probe => {
  let delay = firstMs
  let stopLooking: () => void = () => {}
  let isOn = false

  const lookIn = (ms: number): void => {
    stopLooking()
    stopLooking = after(ms, look)
  }
  const missed = (): void => {
    delay = Math.min(longestMs, delay * 2)
    lookIn(spread(delay))
  }
  const look = (): void => {
    stopLooking = lookOnce(url, (isThrough) => {
      if (!isOn) return
      if (!isThrough) return missed()
      isOn = false
      // What gets through now and not for long is looked for more seldom.
      delay = Math.min(longestMs, delay * 2)
      found()
    })
  }

  return {
    start: () => {
      if (isOn) return
      isOn = true
      lookIn(spread(delay))
    },
    hurry: () => {
      if (!isOn) return
      delay = firstMs
      lookIn(randomBelow(soonMs))
    },
    stop: () => {
      isOn = false
      stopLooking()
    }
  }
}

/** All clients behind one proxy came to be there at one moment. */
const spread = (ms: number): number => ms / 2 + randomBelow(ms / 2)

/** @returns a function that stops looking */
const lookOnce = (url: string, outcome: (isThrough: boolean) => void): (() => void) => {
  const socket = new WebSocket(url)
  let isOver = false
  const end = (isThrough: boolean | null): void => {
    if (isOver) return
    isOver = true
    cancel()
    socket.close()
    if (isThrough !== null) outcome(isThrough)
  }
  const cancel = after(answerWithinMs, () => end(false))
  socket.addEventListener('open', () => socket.send(ping))
  socket.addEventListener('message', () => end(true))
  socket.addEventListener('error', () => end(false))
  socket.addEventListener('close', () => end(false))
  return () => end(null)
}
