import { after } from './clock.ts'
import type { ConnectionEvent } from './room.ts'

/** A connection that is away for so long is worth telling. */
const lostAfterMs = 5000

/** Tells that the connection was lost, and that it is back if that was told. */
export const createLostWatch = (tell: (event: ConnectionEvent) => void) => {
  let cancel: () => void = () => {}
  let isLost = false
  return {
    /** There is none, from now on. */
    expect: (): void => {
      cancel()
      cancel = after(lostAfterMs, () => {
        isLost = true
        tell('lost')
      })
    },
    linked: (): void => {
      cancel()
      if (isLost) tell('restored')
      isLost = false
    },
    stop: (): void => cancel()
  }
}
