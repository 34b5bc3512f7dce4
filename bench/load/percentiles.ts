export interface Percentiles {
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** Each is a value that was measured; null where nothing was.. */
export const percentilesOf = (samples: number[]): Percentiles => {
  const sorted = Float64Array.from(samples).sort()
  const at = (part: number): number | null => sorted[Math.ceil(sorted.length * part) - 1] ?? null
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) }
}
