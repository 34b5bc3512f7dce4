/**
 * What those still owe who were faster than they may be: leaving pays nothing, so whoever comes back goes on where they
 * were. Of a guest, whom no token names, it is the network that owes; others who come from there wait a second at most.
 */
import { monotonic } from '../clock.ts'
import type { Owed } from './limits.ts'

/** So many are remembered; of more, who owed first is forgotten first. */
const debtorsMax = 10_000
const networkSecondsMax = 1

export interface Debtor {
  /** The user's id, or the network. */
  readonly id: string
  readonly isNetwork: boolean
}

/** When it will be paid, by the monotonic clock. */
interface Debt {
  readonly frames: number
  readonly bytes: number
}

export class Debts {
  readonly #debts = new Map<string, Debt>()

  /** Somebody leaves, and this is not paid. */
  leave(debtor: Debtor, { framesSeconds, bytesSeconds }: Owed): void {
    if (framesSeconds === 0 && bytesSeconds === 0) return
    const now = monotonic()
    const secondsMax = debtor.isNetwork ? networkSecondsMax : Number.POSITIVE_INFINITY
    const paidAt = (seconds: number): number => now + Math.min(seconds, secondsMax) * 1_000
    const key = keyOf(debtor)
    const { frames, bytes } = this.#debts.get(key) ?? noDebt
    this.#debts.delete(key)
    this.#debts.set(key, {
      frames: Math.max(frames, paidAt(framesSeconds)),
      bytes: Math.max(bytes, paidAt(bytesSeconds))
    })
    if (this.#debts.size > debtorsMax) this.#forget(now)
  }

  /** What somebody who comes has left to be paid. */
  of(debtor: Debtor): Owed {
    const now = monotonic()
    const { frames, bytes } = this.#debts.get(keyOf(debtor)) ?? noDebt
    const secondsTo = (at: number): number => Math.max(0, at - now) / 1_000
    return { framesSeconds: secondsTo(frames), bytesSeconds: secondsTo(bytes) }
  }

  #forget(now: number): void {
    for (const [key, { frames, bytes }] of this.#debts)
      if (Math.max(frames, bytes) <= now) this.#debts.delete(key)
    for (const key of this.#debts.keys()) {
      if (this.#debts.size <= debtorsMax) return
      this.#debts.delete(key)
    }
  }
}

const noDebt: Debt = { frames: 0, bytes: 0 }

const keyOf = ({ id, isNetwork }: Debtor): string => `${isNetwork ? 'network' : 'user'} ${id}`
