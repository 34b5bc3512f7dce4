import { createHmac } from 'node:crypto'

const lifetimeSeconds = 3_600
const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const header = encode({ alg: 'HS256', typ: 'JWT' })

/** A token for one person who may write in all rooms of the kind `document`, good for an hour. */
export const signToken = (secret: string, user: string): string => {
  const exp = Math.floor(Date.now() / 1000) + lifetimeSeconds
  const grants = [{ room: 'document/*', role: 'owner' }]
  const signed = `${header}.${encode({ sub: user, name: user, exp, grants })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
