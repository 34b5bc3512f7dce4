/**
 * Proof that what was sent is committed. A `flush` is answered when everything that the connection sent before it is;
 * the answer therefore covers the local changes that had been made when the flush went out.
 *
 * At most one flush is on its way and one is wanted next, however fast somebody types.
 */
import type { Epoch, Seq } from '../schema/room-name.ts'

export interface Proof {
  readonly seq: Seq
  readonly epoch: Epoch
}

interface Barrier {
  /** Asks for proof of everything up to now; does nothing without a connection: then `opened` asks. */
  request(): void
  /** Resolves with the first proof that is asked for from now on. */
  wait(): Promise<Proof>
  /** The connection is there and everything made before has been sent. */
  opened(): void
  /** The connection ended: what was asked for will not be answered. */
  closed(): void
  answered(id: number, proof: Proof): void
  /** Nothing will be proved any more. */
  fail(error: Error): void
  /** A flush is on its way. */
  readonly isAsking: boolean
}

interface BarrierOptions {
  send(id: number): void
  /** How many local changes there are now. */
  made(): number
  confirmed(upTo: number, proof: Proof): void
}

export const createBarrier = ({ send, made, confirmed }: BarrierOptions): Barrier => {
  let isOpen = false
  let lastId = 0
  let asked: { readonly id: number; readonly covers: number; readonly waiting: Waiting | null } | null = null
  let waiting: Waiting | null = null
  let isWanted = false

  const ask = (): void => {
    isWanted = false
    asked = { id: ++lastId, covers: made(), waiting }
    waiting = null
    send(asked.id)
  }
  const request = (): void => {
    if (!isOpen) return
    if (asked === null) ask()
    else isWanted = true
  }
  /** What was asked on an earlier connection will not be answered: who waits for it waits for the next. */
  const abandon = (): void => {
    const lost = asked?.waiting ?? null
    asked = null
    if (lost === null) return
    if (waiting === null) waiting = lost
    else lost.resolve(waiting.promise)
  }
  return {
    request,
    wait: () => {
      waiting ??= createWaiting()
      const { promise } = waiting
      request()
      return promise
    },
    opened: () => {
      isOpen = true
      abandon()
      request()
    },
    closed: () => {
      isOpen = false
      abandon()
    },
    answered: (id, proof) => {
      if (asked?.id !== id) return
      const { covers, waiting: proved } = asked
      asked = null
      confirmed(covers, proof)
      proved?.resolve(proof)
      if (isWanted && isOpen) ask()
    },
    fail: (error) => {
      isOpen = false
      asked?.waiting?.reject(error)
      waiting?.reject(error)
      asked = null
      waiting = null
    },
    get isAsking() {
      return asked !== null
    }
  }
}

type Waiting = ReturnType<typeof createWaiting>

const createWaiting = () => {
  const waiting = Promise.withResolvers<Proof>()
  // Whoever waits handles a failure by themselves; with nobody waiting it concerns nobody.
  waiting.promise.catch(() => undefined)
  return waiting
}
