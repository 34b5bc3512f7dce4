import type { JWTPayload } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAttempts } from '../server/auth/attempts.ts'
import { createRevocations } from '../server/auth/revocations.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import type { Authority } from '../server/room/authorize.ts'
import { type AuthorityWorld, expectRefused, openAuthorityWorld, room } from './support/authority.ts'
import { silent } from './support/log-world.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'

let world: AuthorityWorld

beforeAll(async () => {
  world = await openAuthorityWorld()
})
afterAll(() => world[Symbol.asyncDispose]())
beforeEach(() =>
  world.database.exec('delete from room; delete from member; delete from secret; delete from revocation')
)

const bySecret = (): Authority => world.authority({ authSecret })
const withoutAuth = (): Authority => world.authority()

const addRoom = async (name: string, options: { isDeleted?: boolean } = {}): Promise<void> => {
  await world.database.query(
    `insert into room (id, name, kind, deleted_at) values ($1::uuid, $2, 'form', case when $3 then now() end)`,
    [roomIdOf(room(name)), name, options.isDeleted ?? false]
  )
}

const addMember = async (name: string, userId: string, role: string): Promise<void> => {
  await world.database.query('insert into member (room_id, user_id, role) values ($1::uuid, $2, $3)', [
    roomIdOf(room(name)),
    userId,
    role
  ])
}

describe('a grant', () => {
  const access = async (name: string, grants: unknown, claims: JWTPayload = {}) => {
    const authority = bySecret()
    return authority.authorize(await authority.identify(await signToken({ ...claims, grants })), room(name))
  }

  it('counts if it is the first that covers the room', async () => {
    const grants = [
      { room: 'document/1', role: 'owner' },
      { room: 'form/42', role: 'reader' },
      { room: 'form/*', role: 'editor' },
      { room: '*', role: 'owner' }
    ]
    expect(await access('form/42', grants)).toMatchObject({ role: 'reader', mayWrite: false })
    expect(await access('form/43', grants)).toMatchObject({ role: 'editor', mayWrite: true })
    expect(await access('document/2', grants)).toMatchObject({ role: 'owner', mayWrite: true })
  })

  it('counts before the member table', async () => {
    await addRoom('form/42')
    await addMember('form/42', 'ada', 'owner')
    expect(await access('form/42', [{ room: 'form/*', role: 'reader' }])).toMatchObject({ role: 'reader' })
  })

  it('of admin for * lets do everything everywhere', async () => {
    const grants = [
      { room: 'form/*', role: 'reader' },
      { room: '*', role: 'admin' }
    ]
    const { identity, role, mayWrite } = await access('form/42', grants)
    expect([identity.isAdmin, role, mayWrite]).toEqual([true, 'admin', true])
  })

  it('of admin for less than * is a role that no kind has', async () => {
    await expectRefused(access('form/42', [{ room: 'form/*', role: 'admin' }]), 'forbidden', /admin/)
  })

  it('of a role that the kind does not have is refused with the roles that it has', async () => {
    const grants = [{ room: 'form/*', role: 'writer' }]
    await expectRefused(access('form/42', grants), 'forbidden', /writer.*owner, editor, .*reader/)
  })

  it('of other rooms gives no access', async () => {
    await expectRefused(access('form/42', [{ room: 'form/43', role: 'owner' }]), 'forbidden')
    await expectRefused(access('form/42', []), 'forbidden')
    await expectRefused(access('form/42', null), 'forbidden')
  })

  it('gives no access to a kind that is not defined', async () => {
    await expectRefused(access('poem/1', [{ room: '*', role: 'admin' }]), 'kind-unknown', /document, form/)
  })

  it('gives no access to a deleted room, not even to an administrator', async () => {
    await addRoom('form/42', { isDeleted: true })
    await expectRefused(access('form/42', [{ room: 'form/42', role: 'owner' }]), 'room-deleted')
    await expectRefused(access('form/42', [{ room: '*', role: 'admin' }]), 'room-deleted')
  })
})

describe('the member table', () => {
  it('decides where no grant does', async () => {
    await addRoom('form/42')
    await addMember('form/42', 'ada', 'reader')
    const authority = bySecret()
    const ada = await authority.identify(await signToken())
    expect(await authority.authorize(ada, room('form/42'))).toMatchObject({ role: 'reader', mayWrite: false })
    const bob = await authority.identify(await signToken({ sub: 'bob' }))
    await expectRefused(authority.authorize(bob, room('form/42')), 'forbidden')
  })

  it('is asked again for a room that was not there yet', async () => {
    const authority = bySecret()
    const ada = await authority.identify(await signToken())
    await expectRefused(authority.authorize(ada, room('form/42')), 'forbidden')
    await addRoom('form/42')
    await addMember('form/42', 'ada', 'owner')
    expect(await authority.authorize(ada, room('form/42'))).toMatchObject({ role: 'owner' })
  })

  it('is asked again for a room that is to be forgotten, and only then at once', async () => {
    await addRoom('form/42')
    const authority = bySecret()
    const ada = await authority.identify(await signToken())
    await expectRefused(authority.authorize(ada, room('form/42')), 'forbidden')
    await addMember('form/42', 'ada', 'owner')
    await expectRefused(authority.authorize(ada, room('form/42')), 'forbidden')
    authority.forget(room('form/42'))
    expect(await authority.authorize(ada, room('form/42'))).toMatchObject({ role: 'owner' })
  })

  it('that cannot be asked refuses for now', async () => {
    const closed = await openAuthorityWorld()
    await closed.database.close()
    const authority = closed.authority({ authSecret })
    const ada = await authority.identify(await signToken())
    await expectRefused(authority.authorize(ada, room('form/42')), 'unavailable')
  })
})

describe('a guest', () => {
  it('needs no token where no auth is configured, and is somebody else each time', async () => {
    const authority = withoutAuth()
    const [one, other] = [await authority.identify(''), await authority.identify('')]
    expect(one).toMatchObject({ isGuest: true, isAdmin: false, user: { name: 'Guest' } })
    expect(one.user.id).toMatch(/^guest-/)
    expect(one.user.id).not.toBe(other.user.id)
  })

  it('keeps their name and id with their token, on every node of the database', async () => {
    const { token, user } = await withoutAuth().guestToken(' Ada\u0007 ')
    const identity = await withoutAuth().identify(token)
    expect(identity).toMatchObject({ isGuest: true, user: { id: user.id, name: 'Ada' } })
    const days = ((identity.expiresAt ?? 0) - Date.now()) / 86_400_000
    expect(Math.round(days)).toBe(30)
  })

  it('of another database is unknown', async () => {
    const { token } = await withoutAuth().guestToken('Ada')
    await world.database.exec('delete from secret')
    await expectRefused(withoutAuth().identify(token), 'token-invalid', /signature/)
  })

  it('gets no token where auth is configured', async () => {
    await expectRefused(bySecret().guestToken('Ada'), 'forbidden')
  })

  it('with a token of an earlier time without auth is refused where auth is configured', async () => {
    const { token } = await withoutAuth().guestToken('Ada')
    await expectRefused(bySecret().identify(token), 'token-invalid')
  })

  it('has the role that each kind gives to guests', async () => {
    const authority = withoutAuth()
    const guest = await authority.identify('')
    expect(await authority.authorize(guest, room('form/42'))).toMatchObject({
      role: 'editor',
      mayWrite: true
    })
    expect(await authority.authorize(guest, room('document/1'))).toMatchObject({
      role: 'writer',
      mayWrite: true
    })
  })

  it('is the owner of the room where the member table says so', async () => {
    const authority = withoutAuth()
    const { token, user } = await authority.guestToken('Ada')
    await addRoom('form/42')
    await addMember('form/42', user.id, 'owner')
    const guest = await authority.identify(token)
    expect(await authority.authorize(guest, room('form/42'))).toMatchObject({ role: 'owner' })
  })
})

describe('a revocation', () => {
  it('of a token ends it alone', async () => {
    const authority = bySecret()
    const [one, other] = [await signToken({ jti: 'one' }), await signToken({ jti: 'other' })]
    const identity = await authority.identify(one)
    await authority.revoke({ tokenId: 'one' })
    await expectRefused(authority.identify(one), 'token-invalid', /revoked/)
    await expectRefused(authority.authorize(identity, room('form/42')), 'token-invalid', /revoked/)
    expect((await authority.identify(other)).tokenId).toBe('other')
  })

  it('of a user ends what was issued before, and nothing that is issued later', async () => {
    const authority = bySecret()
    const before = await signToken({ iat: seconds() })
    await authority.identify(before)
    await authority.revoke({ userId: 'ada' })
    await expectRefused(authority.identify(before), 'token-invalid', /revoked/)
    await expectRefused(authority.identify(await signToken()), 'token-invalid', /revoked/)
    expect((await authority.identify(await signToken({ iat: seconds() + 1 }))).user.id).toBe('ada')
    expect((await authority.identify(await signToken({ sub: 'bob' }))).user.id).toBe('bob')
  })

  it('tells listeners which identities it ends, until they stop listening', async () => {
    const authority = bySecret()
    const people = [
      await authority.identify(await signToken({ jti: 'one' })),
      await authority.identify(await signToken({ jti: 'other' })),
      await authority.identify(await signToken({ sub: 'bob', jti: 'third' }))
    ]
    const ended: string[][] = []
    const stop = authority.onRevoked((isAffected) => {
      ended.push(people.filter(isAffected).map(({ tokenId }) => tokenId))
    })
    await authority.revoke({ tokenId: 'one' })
    await authority.revoke({ userId: 'ada' })
    stop()
    await authority.revoke({ userId: 'bob' })
    expect(ended).toEqual([['one'], ['one', 'other']])
  })

  it('above the bound is refused rather than forgotten', async () => {
    const revocations = createRevocations({ query: async () => [] }, silent)
    for (let n = 0; n < 100_000; n++) await revocations.add({ tokenId: `token-${n}` })
    await expectRefused(revocations.add({ tokenId: 'one more' }), 'too-many', /100000/)
  })

  it('holds after a restart', async () => {
    await bySecret().revoke({ userId: 'eve', tokenId: 'hers' })
    const restarted = bySecret()
    await restarted.loadRevocations()
    await expectRefused(restarted.identify(await signToken({ sub: 'eve' })), 'token-invalid', /revoked/)
    await expectRefused(restarted.identify(await signToken({ jti: 'hers' })), 'token-invalid', /revoked/)
    await restarted.close()
  })
})

describe('refused attempts', () => {
  it('make their address wait, and no other', async () => {
    const attempts = createAttempts({ perMinuteMax: 3 })
    for (let n = 0; n < 3; n++) {
      expect(await attempts.waitSeconds('192.0.2.1')).toBe(0)
      await attempts.fail('192.0.2.1')
    }
    const wait = await attempts.waitSeconds('192.0.2.1')
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(60)
    expect(await attempts.waitSeconds('192.0.2.2')).toBe(0)
  })

  it('count for the whole network that one customer of IPv6 has', async () => {
    const attempts = createAttempts({ perMinuteMax: 1 })
    await attempts.fail('2001:db8:1:2::1')
    expect(await attempts.waitSeconds('2001:db8:1:2:ffff:0:0:1')).toBeGreaterThan(0)
    expect(await attempts.waitSeconds('2001:db8:1:3::1')).toBe(0)
  })

  it('count for an IPv4 address however it is written', async () => {
    const attempts = createAttempts({ perMinuteMax: 1 })
    await attempts.fail('::ffff:192.0.2.1')
    expect(await attempts.waitSeconds('192.0.2.1')).toBeGreaterThan(0)
    expect(await attempts.waitSeconds('::ffff:192.0.2.2')).toBe(0)
  })
})
