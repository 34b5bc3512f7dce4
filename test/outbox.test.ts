import { describe, expect, it } from 'vitest'
import { Outbox, type Sender, urgency } from '../server/session/outbox.ts'
import { Unsent } from '../server/session/unsent.ts'

const MiB = 1024 ** 2
const large = Buffer.alloc(100_000)

/** A wire of which nothing is read until `read` is called. */
const openWire = (bytesMax: number, unsent: Unsent) => {
  const written: Buffer[] = []
  let unsentBytes = 0
  const sender: Sender = {
    wire: {
      isOpen: true,
      get unsentBytes() {
        return unsentBytes
      },
      write: (frames) => {
        written.push(...frames)
        for (const { length } of frames) unsentBytes += length
      }
    },
    onFull: () => {}
  }
  const outbox = new Outbox(sender, unsent, bytesMax)
  return {
    outbox,
    written,
    read: (bytes: number) => {
      unsentBytes -= bytes
    }
  }
}

describe('what leaves a session in one step', () => {
  it('is what others wait for, then documents, then presence, each in its order', () => {
    const { outbox, written } = openWire(MiB, new Unsent(MiB))
    const frames = ['presence', 'update 1', 'ack 1', 'update 2', 'ack 2'].map((text) => Buffer.from(text))
    const [presence, update1, ack1, update2, ack2] = frames as [Buffer, Buffer, Buffer, Buffer, Buffer]
    outbox.write(presence, urgency.last)
    outbox.write(update1, urgency.usual)
    outbox.write(ack1, urgency.first)
    outbox.write(update2, urgency.usual)
    outbox.write(ack2, urgency.first)
    outbox.release()
    expect(written.map(String)).toEqual(['ack 1', 'ack 2', 'update 1', 'update 2', 'presence'])
  })
})

describe('what waits on a node', () => {
  it('counts a frame that many share once, until the last of them has read it', () => {
    const unsent = new Unsent(10 * MiB)
    const [ada, ben] = [openWire(MiB, unsent), openWire(MiB, unsent)]
    for (const { outbox } of [ada, ben]) {
      outbox.write(large)
      outbox.release()
    }
    expect(unsent.bytes).toBe(large.length)
    ada.read(large.length)
    ada.outbox.stalledMs(0)
    expect(unsent.bytes).toBe(large.length)
    ben.outbox.end()
    expect(unsent.bytes).toBe(0)
  })

  it('counts what of several frames is not read', () => {
    const unsent = new Unsent(10 * MiB)
    const { outbox, read } = openWire(MiB, unsent)
    const frames = [1, 2, 3].map((times) => Buffer.alloc(times * 20_000))
    for (const frame of frames) outbox.write(frame)
    outbox.release()
    expect(unsent.bytes).toBe(120_000)
    read(20_000)
    outbox.stalledMs(0)
    expect(unsent.bytes).toBe(100_000)
    // A frame of which a part is read is still there.
    read(1)
    outbox.stalledMs(0)
    expect(unsent.bytes).toBe(100_000)
  })

  it('leaves less for each the more it is, so that whoever is furthest behind gets nothing more first', () => {
    const unsent = new Unsent(MiB)
    const [far, near] = [openWire(4 * MiB, unsent), openWire(4 * MiB, unsent)]
    for (let frame = 0; frame < 4; frame++) far.outbox.write(Buffer.alloc(100_000))
    far.outbox.release()
    near.outbox.write(Buffer.alloc(100_000))
    near.outbox.release()
    expect([far, near].map(({ outbox }) => outbox.mayTakeMore)).toEqual([true, true])
    const other = openWire(4 * MiB, unsent)
    other.outbox.write(Buffer.alloc(200_000))
    other.outbox.release()
    expect([far, near].map(({ outbox }) => outbox.mayTakeMore)).toEqual([false, true])
    expect(unsent.isFull).toBe(false)
    other.outbox.write(Buffer.alloc(400_000))
    other.outbox.release()
    expect([far, near].map(({ outbox }) => outbox.mayTakeMore)).toEqual([false, false])
    expect(unsent.isFull).toBe(true)
  })
})
