import { RoomlogError } from '../../schema/error-codes.ts'

export interface OriginRules {
  /** `https://app.example`, or `*` for any. */
  readonly allowed: readonly string[]
  /**
   * True where no token is needed: then the name in `Host` must be one of this machine or of an allowed origin,
   * or a page anywhere could take a name that leads here, and be let in like a page of ours.
   */
  readonly takesGuests: boolean
}

export const isAllowedOrigin = (origin: string, { allowed }: OriginRules): boolean =>
  allowed.includes('*') || allowed.includes(origin)

/**
 * Lets a request or an upgrade pass: one of a page that we served, of an allowed origin, or of no page at all.
 *
 * @throws RoomlogError 'origin-refused'
 */
export const checkOrigin = (
  request: { origin: string | undefined; host: string | undefined },
  rules: OriginRules
): void => {
  const { origin, host = '' } = request
  if (rules.takesGuests && !isLocal(host) && !isAllowedHost(host, rules)) {
    throw new RoomlogError('origin-refused', `host ${host.slice(0, 64)} is not in ALLOWED_ORIGINS`)
  }
  if (origin === undefined || isAllowedOrigin(origin, rules)) return
  if (URL.parse(origin)?.host === host.toLowerCase()) return
  throw new RoomlogError('origin-refused', `origin ${origin.slice(0, 64)} is not in ALLOWED_ORIGINS`)
}

/** As a browser writes it: asked of everybody who comes, so nothing is parsed. */
const local = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i
const isLocal = (host: string): boolean => local.test(host)

const isAllowedHost = (host: string, { allowed }: OriginRules): boolean =>
  allowed.some((origin) => origin === '*' || URL.parse(origin)?.host === host.toLowerCase())
