/**
 * How much one statement holds: so much that its size costs 50 ms, and whoever wrote one entry does not wait longer for
 * what others have piled up. Found out from what was committed, as a line through time and size: what a commit takes
 * however little it holds (a far or slow disk) is no reason for small ones, which would only repeat it.
 */

/** Larger statements would stall everybody while they are made. */
const entriesMost = 2_000
const bytesMost = 4 * 1024 * 1024
const aimMs = 50
const partLeast = 1 / 32
/** One that was slow by chance does not make the next ones tiny. */
const shrinkMost = 0.5
const growMost = 1.25
/** How much a measurement counts when the next one is there. */
const memory = 0.9
/** Sizes that differ less than this, relatively, tell nothing of what size costs. */
const varianceLeast = 0.01

export class BatchSize {
  #part = 1
  #count = 0
  #sizes = 0
  #times = 0
  #sizesSquared = 0
  #sizesByTimes = 0

  get entriesMax(): number {
    return Math.floor(entriesMost * this.#part)
  }

  get bytesMax(): number {
    return Math.floor(bytesMost * this.#part)
  }

  /** So much was committed as one statement, in so long. */
  committed(entries: number, bytes: number, ms: number): void {
    const size = Math.max(entries / entriesMost, bytes / bytesMost)
    this.#count = this.#count * memory + 1
    this.#sizes = this.#sizes * memory + size
    this.#times = this.#times * memory + ms
    this.#sizesSquared = this.#sizesSquared * memory + size * size
    this.#sizesByTimes = this.#sizesByTimes * memory + size * ms
    // What is not full does not ask for another size.
    if (size < this.#part / 2) return
    const wanted = aimMs / this.#msPerSize
    const part = Math.min(this.#part * growMost, Math.max(this.#part * shrinkMost, wanted))
    this.#part = Math.min(1, Math.max(partLeast, part))
  }

  /** What a whole statement would take longer than an empty one. While all are alike, size is taken to be all that counts. */
  get #msPerSize(): number {
    const mean = this.#times / this.#sizes
    const variance = this.#count * this.#sizesSquared - this.#sizes ** 2
    if (variance < varianceLeast * this.#sizes ** 2) return mean
    const slope = (this.#count * this.#sizesByTimes - this.#sizes * this.#times) / variance
    return Math.min(mean, Math.max(Number.MIN_VALUE, slope))
  }
}
