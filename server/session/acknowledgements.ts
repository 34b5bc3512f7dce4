import { syncStatusFrame, unpooled } from './frames.ts'

/** So many are made at once. */
const most = 32

/** Of each prefix: of a room there is mostly one, however many are in it. */
const frames = new WeakMap<Uint8Array, Buffer>()

/** Acknowledges `count` updates that are saved: each has a frame of its own, and many are one write. */
export const acknowledge = (prefix: Uint8Array, count: number, write: (frames: Buffer) => void): void => {
  const one = frames.get(prefix) ?? unpooled(syncStatusFrame(prefix, true))
  frames.set(prefix, one)
  for (let left = count; left > 0; left -= most) {
    const some = Math.min(left, most)
    write(some === 1 ? one : Buffer.concat(Array.from({ length: some }, () => one)))
  }
}
