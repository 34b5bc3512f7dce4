/** How long something took, lately: the newest thousand measurements, and what they amount to. */

export interface Latency {
  /** How many there were in all; the other figures are of the newest 1,000. */
  readonly count: number
  readonly minMs: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const samplesMax = 1_000

export class LatencySample {
  #samples: number[] = []
  #count = 0

  add(ms: number): void {
    this.#samples[this.#count % samplesMax] = ms
    this.#count++
  }

  /** null while nothing was measured. */
  read(): Latency | null {
    if (this.#count === 0) return null
    const sorted = Float64Array.from(this.#samples).sort()
    const at = (part: number) =>
      round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
    const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
    return {
      count: this.#count,
      minMs: at(0),
      meanMs: round(mean),
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      p99Ms: at(0.99),
      maxMs: at(1)
    }
  }
}

const round = (ms: number): number => Math.round(ms * 1_000) / 1_000
