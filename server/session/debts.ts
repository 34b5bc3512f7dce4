/**
 * What those still owe who were faster than they may be: leaving pays nothing, so whoever comes back goes on where they
 * were. Of a guest, whom no token names, it is the network that owes; others who come from there wait a second at most.
 */
import { monotonic } from '../clock.ts'
import type { Owed } from './limits.ts'

/** So many are remembered; of more, who owed first is forgotten first. */
const debtorsMax = 10_000
const networkSecondsMax = 1

/** Whom a token names, or the network of whoever shows none. */
export interface Debtor {
  readonly key: string
  readonly secondsMax: number
}

export const debtorNamed = (userId: string): Debtor => ({
  key: `user ${userId}`,
  secondsMax: Number.POSITIVE_INFINITY
})
export const debtorAt = (network: string): Debtor => ({
  key: `network ${network}`,
  secondsMax: networkSecondsMax
})

/** When it will be paid, by the monotonic clock. */
interface Debt {
  readonly frames: number
  readonly bytes: number
}

export class Debts {
  readonly #debts = new Map<string, Debt>()

  /** A session ends, and this is not paid. */
  leave(debtors: readonly Debtor[], { framesSeconds, bytesSeconds }: Owed): void {
    if (framesSeconds === 0 && bytesSeconds === 0) return
    const now = monotonic()
    for (const { key, secondsMax } of debtors) {
      const { frames, bytes } = this.#debts.get(key) ?? noDebt
      const paidAt = (seconds: number): number => now + Math.min(seconds, secondsMax) * 1_000
      this.#debts.delete(key)
      this.#debts.set(key, {
        frames: Math.max(frames, paidAt(framesSeconds)),
        bytes: Math.max(bytes, paidAt(bytesSeconds))
      })
    }
    if (this.#debts.size > debtorsMax) this.#forget(now)
  }

  /** What somebody who comes has left to be paid. */
  of({ key }: Debtor): Owed {
    const now = monotonic()
    const { frames, bytes } = this.#debts.get(key) ?? noDebt
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
