import { RoomlogError } from '../schema/error-codes.ts'

export interface Excess {
  /** What was counted: `frames/s`, `sessions of ada`. */
  readonly what: string
  readonly found: number
  readonly most: number
  /** When it is worth trying again. */
  readonly retrySeconds: number
}

/** The one way to say that a limit is reached: `812 frames/s > 500; retry in 2 s`. */
export const describeExcess = ({ what, found, most, retrySeconds }: Excess): string =>
  `${Math.ceil(found)} ${what} > ${most}; retry in ${retrySeconds} s`

export const tooMany = (excess: Excess): RoomlogError =>
  new RoomlogError('too-many', describeExcess(excess), { retrySeconds: excess.retrySeconds })
