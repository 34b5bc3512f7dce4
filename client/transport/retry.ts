/** Whether to try again, and when. */
import { type ErrorCode, errorCodes, isErrorCode, readReason } from '../../schema/error-codes.ts'

/** retry: lost for now. refresh: a new token may help, once. stop: refused for good. */
export type Reaction = 'retry' | 'refresh' | 'stop'

export interface Refused {
  readonly code: ErrorCode
  readonly reaction: Reaction
  /** To come back sooner would be to no avail. */
  readonly delayMsMin: number
}

/**
 * What an end means. The name decides, where the server gave one; else the close code, if all names that use it agree;
 * what cannot be told was a fault of the network.
 */
export const reactionTo = (reason: string, closeCode?: number): Refused => {
  const named = readReason(reason)
  const code = named?.code ?? codeOfClose(closeCode)
  const delayMsMin = (named?.retrySeconds ?? 0) * 1000
  if (code === 'token-invalid') return { code, reaction: 'refresh', delayMsMin }
  return { code, reaction: errorCodes[code].retry ? 'retry' : 'stop', delayMsMin }
}

const codeOfClose = (closeCode: number | undefined): ErrorCode => {
  const names = Object.keys(errorCodes).filter(isErrorCode)
  const fitting = names.filter((name) => errorCodes[name].close === closeCode)
  const [first] = fitting
  const isClear =
    first !== undefined && fitting.every((name) => errorCodes[name].retry === errorCodes[first].retry)
  return isClear ? first : 'unavailable'
}

const firstDelayMs = 1000
const longestDelayMs = 30_000

/**
 * How long to wait before an attempt. All clients of a node that stops are cut at one moment: the first attempts are
 * spread over a second, later ones double up to 30 s and differ by half.
 *
 * @param attempt how many attempts failed since there was a connection
 * @param random from 0 to 1
 */
export const retryDelay = (attempt: number, random: number): number => {
  if (attempt === 0) return random * firstDelayMs
  const longest = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt, 10))
  return longest / 2 + (random * longest) / 2
}
