import { isIP } from 'node:net'
import { isRoomPattern } from '../schema/room-name.ts'
import { parseRedisUrl, type RedisAddress } from './cluster/redis-address.ts'

/** Reads the text of a setting. @throws SettingError that says what is wrong with it, without showing a secret */
export type Parse<T> = (text: string) => T

export class SettingError extends Error {
  override readonly name = 'SettingError'
}

export const asText: Parse<string> = (text) => text

export const asWord =
  <const T extends string>(...words: readonly T[]): Parse<T> =>
  (text) => {
    const word = words.find((each) => each === text)
    if (word === undefined) throw new SettingError(`"${text}" is none of ${words.join(', ')}`)
    return word
  }

export const asNumber =
  (min: number, max: number): Parse<number> =>
  (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (number >= min && number <= max) return number
    throw new SettingError(`"${text}" is no whole number from ${min} to ${max}`)
  }

const unitBytes: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** @param min in bytes, like `max`; the text may have a unit */
export const asBytes =
  (min: number, max: number): Parse<number> =>
  (text) => {
    const [, digits, unit = ''] = /^(\d{1,15})(KiB|MiB|GiB)?$/.exec(text) ?? []
    const bytes = Number(digits) * (unitBytes[unit] ?? 1)
    if (bytes >= min && bytes <= max) return bytes
    throw new SettingError(
      `"${text}" is no size from ${min} to ${max} bytes, written like 65536, 512KiB or 4MiB`
    )
  }

/** A key shorter than the digest of HS256 can be guessed more easily than the digest. */
const secretBytesMin = 32

export const asSecret: Parse<string> = (text) => {
  const bytes = Buffer.byteLength(text)
  if (bytes >= secretBytesMin) return text
  throw new SettingError(
    `has ${bytes} bytes, needs ${secretBytesMin}: \`openssl rand -base64 32\` makes a good one`
  )
}

/** Not by `URL`, which refuses a list of hosts and a user without one. */
export const asPostgresUrl: Parse<string> = (text) => {
  if (/^postgres(ql)?:\/\/\S+$/.test(text)) return text
  throw new SettingError('is no URL of the form postgres://user:password@host:5432/database')
}

export const asRedisUrl: Parse<RedisAddress> = (text) => {
  const address = parseRedisUrl(text)
  if (address !== null) return address
  throw new SettingError(
    'is no URL of the form redis://user:password@host:6379/0, redis://host1,host2,host3 (a cluster) or redis+sentinel://host1,host2/name; rediss:// with TLS'
  )
}

export const asWebUrl: Parse<string> = (text) => {
  if (['http:', 'https:'].includes(URL.parse(text)?.protocol ?? '')) return text
  throw new SettingError(`"${text}" is no URL that starts with https:// or http://`)
}

export const asOrigins: Parse<readonly string[]> = (text) => {
  const origins = text.split(',').flatMap((each) => each.trim() || [])
  const odd = origins.find((each) => each !== '*' && URL.parse(each)?.origin !== each)
  if (odd !== undefined) throw new SettingError(`"${odd}" is no origin such as https://app.example.com`)
  return Object.freeze(origins)
}

/** Names of rooms, and kinds as in `form/*`. */
export const asRooms: Parse<readonly string[]> = (text) => {
  const rooms = text.split(',').flatMap((each) => each.trim() || [])
  const odd = rooms.find((each) => !isRoomPattern(each))
  if (odd !== undefined) throw new SettingError(`"${odd}" is no room such as timeline/ours or timeline/*`)
  return Object.freeze(rooms)
}

/** Addresses and networks in CIDR notation. */
export const asNetworks: Parse<readonly string[]> = (text) => {
  const networks = text.split(',').flatMap((each) => each.trim() || [])
  const odd = networks.find((each) => !isNetwork(each))
  if (odd !== undefined)
    throw new SettingError(`"${odd}" is no address such as 10.0.0.1, 10.0.0.0/8 or fd00::/8`)
  return Object.freeze(networks)
}

const isNetwork = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}
