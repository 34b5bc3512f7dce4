import type { Config } from './config.ts'

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/** What is fine alone and wrong together: all of it. A setting that is refused by itself is not there. */
export const contradictions = (config: Partial<Config>): string[] => {
  const {
    host = '',
    authSecret,
    authJwksUrl,
    authIssuer,
    authAudience,
    frameBytesMax = 0,
    backlogBytesMax = Number.POSITIVE_INFINITY
  } = config
  const problems: string[] = []
  for (const [env, value] of Object.entries({ AUTH_ISSUER: authIssuer, AUTH_AUDIENCE: authAudience })) {
    if (value && authSecret === null && authJwksUrl === null) {
      problems.push(`${env}: nothing is checked with it while neither AUTH_SECRET nor AUTH_JWKS_URL is set`)
    }
  }
  if (authSecret && authJwksUrl) problems.push('AUTH_SECRET and AUTH_JWKS_URL: set one of them, not both')
  // A secret that was refused is undefined, not null: the one problem is enough.
  if (authSecret === null && authJwksUrl === null && !isLoopback(host)) {
    problems.push(
      `HOST: with ${host} others can reach this server, and nothing is set to check who they are. Set AUTH_SECRET ` +
        '(`openssl rand -base64 32` makes one) or AUTH_JWKS_URL, or leave HOST at 127.0.0.1'
    )
  }
  if (frameBytesMax > backlogBytesMax) {
    problems.push(
      `ROOMLOG_FRAME_BYTES_MAX: ${frameBytesMax} bytes would never fit into ROOMLOG_BACKLOG_BYTES_MAX, ${backlogBytesMax}`
    )
  }
  return problems
}
