import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Authority } from '../server/room/authorize.ts'
import {
  type AuthorityWorld,
  expectRefused,
  openAuthorityWorld,
  refusalOf,
  room
} from './support/authority.ts'
import { startIssuer } from './support/issuer.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

let world: AuthorityWorld

beforeAll(async () => {
  world = await openAuthorityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

const bySecret = (): Authority => world.authority({ authSecret })

describe('a token', () => {
  it('gives the identity that its claims describe', async () => {
    const exp = seconds() + 60
    const claims = {
      exp,
      iat: exp - 100,
      jti: 'token-1',
      name: 'Ada',
      color: 'p3',
      avatar: 'https://a.example/1'
    }
    expect(await bySecret().identify(await signToken(claims))).toEqual({
      user: { id: 'ada', name: 'Ada', color: 'p3', avatar: 'https://a.example/1' },
      grants: null,
      isGuest: false,
      isAdmin: false,
      issuedAt: (exp - 100) * 1000,
      expiresAt: exp * 1000,
      tokenId: 'token-1'
    })
  })

  it('without a name is shown by its subject', async () => {
    const { user } = await bySecret().identify(await signToken({ name: ' \u0000 ' }))
    expect(user.name).toBe('ada')
  })

  it('has a name of one line and 64 characters at most', async () => {
    const name = `Ada\n\u202e\u0007${'😀'.repeat(100)}`
    const { user } = await bySecret().identify(await signToken({ name }))
    expect(user.name).toBe(`Ada${'😀'.repeat(61)}`)
  })

  it.each<[string, () => string | Promise<string>, RegExp]>([
    ['that has expired', () => signToken({ exp: seconds() - 1 }), /exp|expired/],
    [
      'of another secret',
      () => signToken({}, { key: 'another secret, of as many characters as that' }),
      /signature/
    ],
    ['of another algorithm with the right secret', () => signToken({}, { alg: 'HS512' }), /HS512/],
    ['without exp', () => signToken({ exp: undefined }), /exp/],
    ['without sub', () => signToken({ sub: undefined }), /sub/],
    ['with an empty sub', () => signToken({ sub: '' }), /sub/],
    ['with a sub of 129 characters', () => signToken({ sub: 'a'.repeat(129) }), /sub.*128/],
    ['in the name of the server', () => signToken({ sub: 'server' }), /sub.*server/],
    ['with a sub that Postgres cannot store', () => signToken({ sub: 'a\u0000b' }), /sub/],
    ['that is not valid yet', () => signToken({ nbf: seconds() + 60 }), /nbf/],
    ['with a color that is none', () => signToken({ color: 'red' }), /color/],
    ['with an avatar of another scheme', () => signToken({ avatar: 'javascript:alert(1)' }), /avatar/],
    [
      'with an avatar of 513 characters',
      () => signToken({ avatar: `https://a.example/${'a'.repeat(495)}` }),
      /avatar/
    ],
    ['longer than 8 KiB', () => signToken({ name: 'a'.repeat(8_192) }), /8192/],
    ['of no characters', () => '', /no token/],
    ['that is none', () => 'nonsense', /JW/]
  ])('%s is refused', async (_, make, detail) => {
    await expectRefused(bySecret().identify(await make()), 'token-invalid', detail)
  })

  it('of alg none is refused', async () => {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = part({ sub: 'ada', exp: seconds() + 60 })
    for (const alg of ['none', 'None', 'NONE', '']) {
      await expectRefused(bySecret().identify(`${part({ alg, typ: 'JWT' })}.${claims}.`), 'token-invalid')
    }
  })

  it.each<[string, unknown]>([
    ['no array', { room: '*', role: 'admin' }],
    ['a text', 'admin'],
    ['one without a role', [{ room: 'form/42' }]],
    ['one with an empty role', [{ room: 'form/42', role: '' }]],
    ['one of a room that has no name', [{ room: 'form/', role: 'reader' }]],
    ['one of a pattern that is none', [{ room: 'form/4*', role: 'reader' }]],
    ['one of all kinds', [{ room: '*/*', role: 'reader' }]],
    ['101 of them', new Array(101).fill({ room: 'form/42', role: 'reader' })]
  ])('with malformed grants, %s, is refused', async (_, grants) => {
    await expectRefused(bySecret().identify(await signToken({ grants })), 'token-invalid', /grants/)
  })

  it('must name the issuer and the audience that are configured', async () => {
    const authority = world.authority({
      authSecret,
      authIssuer: 'https://id.example',
      authAudience: 'roomlog'
    })
    const good = { iss: 'https://id.example', aud: 'roomlog' }
    expect((await authority.identify(await signToken(good))).user.id).toBe('ada')
    await expectRefused(
      authority.identify(await signToken({ ...good, iss: 'https://x.example' })),
      'token-invalid',
      /iss/
    )
    await expectRefused(authority.identify(await signToken({ ...good, aud: 'x' })), 'token-invalid', /aud/)
    await expectRefused(authority.identify(await signToken({})), 'token-invalid', /iss/)
  })

  it('that was good is refused from the moment it expires', async () => {
    const authority = bySecret()
    const token = await signToken({ exp: seconds() + 2 })
    const identity = await authority.identify(token)
    await waitUntil(() => refusalOf(authority.identify(token)), { about: 'the token to expire' })
    await expectRefused(authority.authorize(identity, room('form/42')), 'token-invalid', /expired/)
  })

  it('of any other bytes is refused by name', async () => {
    const authority = bySecret()
    const [header = '', payload = '', signature = ''] = (await signToken()).split('.')
    const anyHeader = fc.json().map((text) => Buffer.from(text).toString('base64url'))
    const anyAlgorithm = fc
      .record({
        alg: fc.constantFrom('HS256', 'RS256', 'ES256', 'EdDSA', 'dir'),
        crit: fc.json(),
        b64: fc.boolean()
      })
      .map((value) => Buffer.from(JSON.stringify(value)).toString('base64url'))
    const forged = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.tuple(anyHeader, fc.constant(payload), fc.constant(signature)).map((parts) => parts.join('.')),
      fc.tuple(anyAlgorithm, fc.constant(payload), fc.base64String()).map((parts) => parts.join('.')),
      fc.tuple(fc.constant(header), anyHeader, fc.constant(signature)).map((parts) => parts.join('.'))
    )
    await fc.assert(
      fc.asyncProperty(forged, (token) => expectRefused(authority.identify(token), 'token-invalid')),
      { numRuns: 500 }
    )
  })
})

describe('a key set', () => {
  it('verifies the tokens of its keys', async () => {
    await using issuer = await startIssuer()
    const authority = world.authority({ authJwksUrl: issuer.url })
    expect((await authority.identify(await issuer.sign())).user.id).toBe('ada')
  })

  it('is read again for a token of a key that it did not have', async () => {
    await using issuer = await startIssuer()
    const authority = world.authority({ authJwksUrl: issuer.url }, { jwksCooldownMs: 0 })
    const old = await issuer.sign({ sub: 'old' })
    await authority.identify(await issuer.sign())
    await issuer.rotate()
    expect((await authority.identify(await issuer.sign({ sub: 'new' }))).user.id).toBe('new')
    await expectRefused(authority.identify(old), 'token-invalid')
  })

  it('is not read again at the speed of forged tokens', async () => {
    await using issuer = await startIssuer()
    const authority = world.authority({ authJwksUrl: issuer.url })
    await authority.identify(await issuer.sign())
    await using stranger = await startIssuer()
    for (let n = 0; n < 20; n++) {
      await expectRefused(authority.identify(await stranger.sign({ n })), 'token-invalid')
    }
    expect(issuer.reads()).toBe(1)
  })

  it('that cannot be read refuses for now, and nobody for good', async () => {
    await using issuer = await startIssuer()
    const authority = world.authority({ authJwksUrl: issuer.url })
    const token = await issuer.sign()
    issuer.answerWith(500)
    await expectRefused(authority.identify(token), 'unavailable', /500|200/)
    issuer.answerWith(200)
    expect((await authority.identify(token)).user.id).toBe('ada')
  })

  it('does not make its public key a secret to sign with', async () => {
    await using issuer = await startIssuer()
    const authority = world.authority({ authJwksUrl: issuer.url })
    await authority.identify(await issuer.sign())
    await expectRefused(
      authority.identify(await signToken({}, { key: issuer.publicKey() })),
      'token-invalid',
      /HS256/
    )
  })
})
