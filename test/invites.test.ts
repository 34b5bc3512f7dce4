import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newCode, readCode } from '../server/auth/invite-code.ts'
import { createJoinAttempts } from '../server/auth/join-attempts.ts'
import { type BelongingWorld, startBelongingWorld } from './support/belonging.ts'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { openProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'

let world: BelongingWorld
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startBelongingWorld({ ROOMLOG_JOIN_ATTEMPTS_PER_MINUTE_MAX: '10000' })
})
afterAll(() => world?.[Symbol.asyncDispose]())

interface NewInvite {
  id: string
  code: string
  path: string
  role: string
  kind: string
  usesLeft: number
  expiresAt: string
}

const invite = async (room: string, by: string, json: Record<string, unknown>): Promise<NewInvite> => {
  const answer = await world.call(roomPath(room, '/invites'), { token: await world.person(by), json })
  expect(answer.status).toBe(201)
  return answer.json()
}

const join = async (user: string, code: string): Promise<Response> =>
  world.call('/api/join', { token: await world.person(user), json: { code } })

const joined = async (user: string, code: string): Promise<{ room: string; role: string; kind: string }> => {
  const answer = await join(user, code)
  expect(answer.status).toBe(200)
  return answer.json()
}

const room = (): Promise<string> => world.create(newRoom(), 'ana', { ben: 'writer' })

/** Lets the invites of this time have been made so long ago. */
const letExpire = (id: string): Promise<unknown> =>
  world.database.query(`update invite set expires_at = now() - interval '1 second' where id = $1::uuid`, [id])

describe('a short code', () => {
  it('has six letters that nobody takes for others', () => {
    for (let n = 0; n < 1_000; n++) expect(newCode('code')).toMatch(/^[CDFGHJKMNPRTWX3679]{6}$/)
  })

  it.each(['CDF739', 'cdf739', ' cdf 739 ', 'CDF-739', 'cdf·739', 'c.d.f.7.3.9', 'CDF–739'])(
    'may be typed as %j',
    (typed) => {
      expect(readCode(typed)).toEqual({ kind: 'code', code: 'CDF739' })
    }
  )

  it.each(['', 'CDF73', 'CDF7399', 'CDF73O', 'CDF730', 'ÇDF739', `${'C'.repeat(100)}`, 'CDF739\0'])(
    'is not what is typed as %j',
    (typed) => {
      expect(readCode(typed)).toBeNull()
    }
  )

  it('is no link, and a link no code', () => {
    const link = newCode('link')
    expect(link).toMatch(/^[\w-]{22}$/)
    expect(readCode(link)).toEqual({ kind: 'link', code: link })
  })
})

describe.skipIf(missing('postgres'))('an invite', () => {
  it('makes whoever has its link a member, who is in the room at once', async () => {
    const name = await room()
    const { code, path, usesLeft } = await invite(name, 'ana', { role: 'writer', kind: 'link' })
    expect([path, usesLeft]).toEqual([`/j/${code}`, 100])
    expect(await joined('cleo', code)).toEqual({ room: name, role: 'writer', kind: 'document', isNew: true })
    using cleo = openProvider(world.server.wsUrl, name, undefined, await world.person('cleo'))
    cleo.document.getText('text').insert(0, 'hello')
    await cleo.settled()
    expect(await world.rows(name)).toHaveLength(1)
  })

  it('is joined by a short code too, once, as it was read aloud', async () => {
    const { code, usesLeft, expiresAt } = await invite(await room(), 'ana', { role: 'reader', kind: 'code' })
    expect(usesLeft).toBe(1)
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 60_000)).toBe(10)
    const aloud = `${code.slice(0, 3).toLowerCase()} · ${code.slice(3)}`
    expect(await joined('cleo', aloud)).toMatchObject({ role: 'reader' })
    await expectProblem(await join('dora', code), 'invite-invalid')
  })

  it('is told to everybody who is in the room when somebody joins', async () => {
    const name = await room()
    const ben = await world.enter(name, 'ben')
    const { code } = await invite(name, 'ana', { role: 'reader', kind: 'link' })
    await joined('cleo', code)
    await waitUntil(() => ben.client.messages('members').length === 1, { about: 'the news' })
    await ben.client.close()
  })

  it('spends no second use on whoever joins twice', async () => {
    const name = await room()
    const { code } = await invite(name, 'ana', { role: 'reader', kind: 'link', uses: 2 })
    await joined('cleo', code)
    await joined('cleo', code)
    await joined('dora', code)
    await expectProblem(await join('eve', code), 'invite-invalid')
    expect(await joined('cleo', code)).toMatchObject({ role: 'reader' })
  })

  it('lets a member keep the higher of both roles', async () => {
    const name = await room()
    const reader = await invite(name, 'ana', { role: 'reader', kind: 'link', uses: 1 })
    const owner = await invite(name, 'ana', { role: 'owner', kind: 'link', uses: 1 })
    expect(await joined('ben', reader.code)).toMatchObject({ role: 'writer' })
    expect(await joined('cleo', reader.code)).toMatchObject({ role: 'reader' })
    expect(await joined('cleo', owner.code)).toMatchObject({ role: 'owner' })
  })

  it('takes nothing from those who belong to the room by the one above it', async () => {
    await world.create('timeline/above', 'ana', { ben: 'couple' })
    const ceremony = 'ceremony/above'
    const ana = await world.enter(ceremony, 'ana')
    await world.call('/api/rooms', { token: await world.person('ana'), json: { name: ceremony } })
    const { code } = await invite(ceremony, 'ana', { role: 'witness', kind: 'link', uses: 1 })
    expect(await joined('ben', code)).toMatchObject({ role: 'couple' })
    expect(await joined('gus', code)).toMatchObject({ role: 'witness' })
    await ana.client.close()
  })

  it.each([2, 7])('with one use is won by one of %i who come at once', async (count) => {
    const { code } = await invite(await room(), 'ana', { role: 'reader', kind: 'code' })
    const users = Array.from({ length: count }, (_, n) => `racer-${n}`)
    const statuses = await Promise.all(users.map(async (user) => (await join(user, code)).status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.filter((status) => status === 404)).toHaveLength(count - 1)
  })

  it('answers alike whether its code is wrong, expired, used up, taken back, or none', async () => {
    const name = await room()
    const expired = await invite(name, 'ana', { role: 'reader', kind: 'code' })
    await letExpire(expired.id)
    const usedUp = await invite(name, 'ana', { role: 'reader', kind: 'code' })
    await joined('cleo', usedUp.code)
    const takenBack = await invite(name, 'ana', { role: 'reader', kind: 'link' })
    await world.call(roomPath(name, `/invites/${takenBack.id}`), {
      method: 'DELETE',
      token: await world.person('ana')
    })
    const answers = await Promise.all(
      [expired.code, usedUp.code, takenBack.code, 'CCCCCC', 'x', newCode('link')].map(async (code) => {
        const answer = await join('eve', code)
        return `${answer.status} ${await answer.text()}`
      })
    )
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('invite-invalid')
  })

  it('is made by whoever manages the room, to no role above their own', async () => {
    const name = await world.create('timeline/invites', 'ana', { cora: 'coordinator', ben: 'family' })
    const ask = async (by: string, role: string): Promise<Response> =>
      world.call(roomPath(name, '/invites'), { token: await world.person(by), json: { role, kind: 'link' } })
    await expectProblem(await ask('ben', 'guest'), 'forbidden')
    await expectProblem(await ask('cora', 'couple'), 'forbidden')
    await expectProblem(await ask('ana', 'admin'), 'request-invalid')
    expect((await ask('cora', 'guest')).status).toBe(201)
  })

  it('is listed without its code while it is good, for whoever manages the room', async () => {
    const name = await room()
    const made = await invite(name, 'ana', { role: 'reader', kind: 'link' })
    const gone = await invite(name, 'ana', { role: 'reader', kind: 'link' })
    await letExpire(gone.id)
    const path = roomPath(name, '/invites')
    const listed = await (await world.call(path, { token: await world.person('ana') })).text()
    expect(JSON.parse(listed).invites).toMatchObject([{ id: made.id, role: 'reader', createdBy: 'ana' }])
    expect(listed).not.toContain(made.code)
    await expectProblem(await world.call(path, { token: await world.person('ben') }), 'forbidden')
  })

  it('is not kept where somebody who reads the database could join by it', async () => {
    const { code } = await invite(await room(), 'ana', { role: 'reader', kind: 'link' })
    const rows = await world.database.query('select to_jsonb(invite) as whole from invite')
    expect(JSON.stringify(rows)).not.toContain(code)
  })

  it('expires when it was said to, a year at most', async () => {
    const name = await room()
    const { expiresAt } = await invite(name, 'ana', { role: 'reader', kind: 'link', expiresInSeconds: 3_600 })
    expect(Math.round((Date.parse(expiresAt) - Date.now()) / 1_000)).toBeGreaterThan(3_590)
    const ask = async (json: Record<string, unknown>): Promise<Response> =>
      world.call(roomPath(name, '/invites'), { token: await world.person('ana'), json })
    for (const wrong of [
      { expiresInSeconds: 86_400 * 400 },
      { expiresInSeconds: 0 },
      { uses: 0 },
      { uses: 10_001 },
      { kind: 'code', expiresInSeconds: 86_401 }
    ])
      await expectProblem(await ask({ role: 'reader', kind: 'link', ...wrong }), 'request-invalid')
  })
})

describe.skipIf(missing('postgres'))('whoever has no token', () => {
  it('joins nothing where no auth is configured, and does with the token of a guest', async () => {
    await using open = await startBelongingWorld({ AUTH_SECRET: '' })
    const guest = async (name: string): Promise<{ token: string; user: { id: string } }> =>
      (await open.call('/api/guests', { json: { name } })).json()
    const [ana, ben] = [await guest('Ana'), await guest('Ben')]
    const name = newRoom()
    await open.call('/api/rooms', { token: ana.token, json: { name } })
    const made = await open.call(roomPath(name, '/invites'), {
      token: ana.token,
      json: { role: 'reader', kind: 'code' }
    })
    const { code }: NewInvite = await made.json()
    await expectProblem(await open.call('/api/join', { json: { code } }), 'token-invalid')
    const answer = await open.call('/api/join', { token: ben.token, json: { code } })
    expect(await answer.json()).toEqual({ room: name, role: 'reader', kind: 'document', isNew: true })
    const { members } = await (await open.call(roomPath(name, '/members'), { token: ben.token })).json()
    expect(members).toMatchObject([{ name: 'Ana' }, { name: 'Ben', userId: ben.user.id }])
  })
})

describe.skipIf(missing('postgres'))('guessing codes', () => {
  it('is stopped by name, with the time to wait, also for the right one, and many at once count as many', async () => {
    await using limited = await startBelongingWorld({ ROOMLOG_JOIN_ATTEMPTS_PER_MINUTE_MAX: '5' })
    const name = await limited.create(newRoom(), 'ana')
    const made = await limited.call(roomPath(name, '/invites'), {
      token: await limited.person('ana'),
      json: { role: 'reader', kind: 'link' }
    })
    const { code }: NewInvite = await made.json()
    const token = await limited.person('eve')
    const guess = (text: string): Promise<Response> =>
      callServer(limited.server.url, '/api/join', { token, json: { code: text } })
    expect((await guess(code)).status).toBe(200)
    const answers = await Promise.all(Array.from({ length: 40 }, () => guess(newCode('code'))))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 404)).toHaveLength(5)
    expect(statuses.filter((status) => status === 429)).toHaveLength(35)
    const last = await guess(code)
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    await expectProblem(last, 'too-many')
  })

  it('from many addresses is stopped together', async () => {
    const attempts = createJoinAttempts({ perMinuteMax: 2 })
    for (let n = 0; n < 40; n++) await attempts.take(`192.0.2.${n}`)
    await expect(attempts.take('198.51.100.1')).rejects.toMatchObject({ reason: 'too-many' })
    await attempts.giveBack('192.0.2.1')
    await attempts.take('198.51.100.2')
  })
})
