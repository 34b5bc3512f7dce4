import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { seconds } from './tokens.ts'

/** An identity provider with one key, which publishes it over HTTP. */
export interface Issuer extends AsyncDisposable {
  readonly url: string
  sign(claims?: JWTPayload): Promise<string>
  /** From now on there is another key, and the one before is gone. */
  rotate(): Promise<void>
  answerWith(status: number): void
  publicKey(): string
  /** How often its keys were asked for. */
  reads(): number
}

export const startIssuer = async (): Promise<Issuer> => {
  let status = 200
  let reads = 0
  const makeKey = async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: crypto.randomUUID(), alg: 'ES256' } }
  }
  let key = await makeKey()
  const server = createServer((_, answer) => {
    reads++
    answer.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [key.jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    sign: (claims = {}) =>
      new SignJWT({ sub: 'ada', exp: seconds() + 60, ...claims })
        .setProtectedHeader({ alg: 'ES256', kid: key.jwk.kid })
        .sign(key.privateKey),
    rotate: async () => {
      key = await makeKey()
    },
    answerWith: (next) => {
      status = next
    },
    publicKey: () => JSON.stringify(key.jwk),
    reads: () => reads,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }
}
