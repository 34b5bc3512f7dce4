/** Who those of a story are, to the nodes. */
import { seconds, signToken } from '../support/tokens.ts'

const lastsSeconds = 24 * 3_600

/** May write to every document; the same person each time. */
export const writerToken = (name: string): Promise<string> =>
  signToken({
    sub: name,
    name,
    exp: seconds() + lastsSeconds,
    grants: [{ room: 'document/*', role: 'writer' }]
  })

/** Of the one who looks after the nodes. */
export const operatorToken = (): Promise<string> => {
  operator ??= signToken({
    sub: 'operator',
    exp: seconds() + lastsSeconds,
    grants: [{ room: '*', role: 'admin' }]
  })
  return operator
}
let operator: Promise<string> | undefined
