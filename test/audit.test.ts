import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type Audit, createAudit, forgetAudit } from '../server/auth/audit.ts'
import { DatabaseError, type Queryable } from '../server/database/database.ts'
import { createMetrics } from '../server/metrics.ts'
import { type AuthorityWorld, openAuthorityWorld } from './support/authority.ts'
import { type BelongingWorld, startBelongingWorld } from './support/belonging.ts'
import { expectProblem, roomPath } from './support/http.ts'
import { newRoom, silent } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { waitUntil } from './support/wait-until.ts'

interface Row {
  id: string
  room: string | null
  user: string
  action: string
  code: string | null
  detail: Record<string, unknown>
  address: string
  count: number
}

let world: BelongingWorld
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startBelongingWorld()
})
afterEach(async () => {
  await world?.closeAll()
})
afterAll(() => world?.[Symbol.asyncDispose]())

const read = async (query: Record<string, string>, token = world.admin): Promise<Row[]> => {
  const answer = await world.call(`/api/audit?${new URLSearchParams(query)}`, { token })
  expect(answer.status).toBe(200)
  const { rows }: { rows: Row[] } = await answer.json()
  return rows
}

/** The first row of this kind, once it is written. */
const recorded = (query: Record<string, string>): Promise<Row> =>
  waitUntil(async () => (await read(query))[0], {
    about: `a row of ${JSON.stringify(query)}`,
    timeoutMs: 20_000
  })

describe.skipIf(missing('postgres'))('the audit has', () => {
  it('who was given which role, by whom and from where', async () => {
    const room = await world.create(newRoom(), 'ana', { ben: 'writer' })
    expect(await recorded({ room, action: 'member-set' })).toMatchObject({
      room,
      user: 'ana',
      code: null,
      detail: { member: 'ben', role: 'writer', before: null },
      address: '127.0.0.1',
      count: 1
    })
    await world.remove(room, 'ana', 'ben')
    expect(await recorded({ room, action: 'kicked' })).toMatchObject({
      detail: { member: 'ben', before: 'writer' }
    })
  })

  it('who invited and who joined, and no code', async () => {
    const room = await world.create(newRoom(), 'ana')
    const made = await world.call(roomPath(room, '/invites'), {
      token: await world.person('ana'),
      json: { role: 'reader', kind: 'code' }
    })
    const { code } = await made.json()
    await world.call('/api/join', { token: await world.person('cleo'), json: { code } })
    expect(await recorded({ room, action: 'joined' })).toMatchObject({
      user: 'cleo',
      detail: { role: 'reader' }
    })
    expect(JSON.stringify(await read({ room }))).not.toContain(code)
  })

  it('who took a role, with the reason, and that it was given back', async () => {
    const room = await world.create('timeline/audit', 'ana', { cora: 'coordinator' })
    const token = await world.person('cora')
    const json = { role: 'couple', reason: 'the hall is closed', minutes: 5 }
    await world.call(roomPath(room, '/escalations'), { token, json })
    await world.call(roomPath(room, '/escalations/cora'), { token, method: 'DELETE' })
    expect(await recorded({ room, action: 'escalated' })).toMatchObject({
      user: 'cora',
      detail: { role: 'couple', reason: 'the hall is closed' }
    })
    expect(await recorded({ room, action: 'escalation-ended' })).toMatchObject({ detail: { by: 'request' } })
  })

  it('that a role ended by itself', async () => {
    const room = await world.create('timeline/ended', 'ana', { cora: 'coordinator' })
    const json = { role: 'couple', reason: 'the hall is closed', minutes: 5 }
    await world.call(roomPath(room, '/escalations'), { token: await world.person('cora'), json })
    await world.database.query('update escalation set until = now()')
    expect(await recorded({ room, action: 'escalation-ended' })).toMatchObject({
      user: 'cora',
      detail: { by: 'time', role: 'couple' }
    })
  })

  it('what was refused, by name, over either way in', async () => {
    const room = await world.create(newRoom(), 'ana', { ben: 'reader' })
    const ben = await world.enter(room, 'ben')
    expect(await ben.type()).toBe(false)
    expect(await recorded({ room, action: 'write-refused' })).toMatchObject({
      user: 'ben',
      code: 'read-only',
      address: '127.0.0.1'
    })
    const eve = await world.open()
    await eve.join(room, await world.person('eve'))
    await world.call(roomPath(room, '/view'), { token: await world.person('mallory') })
    for (const user of ['eve', 'mallory'])
      expect(await recorded({ room, user })).toMatchObject({ action: 'enter-refused', code: 'forbidden' })
  })

  it('a thousand equal refusals as few rows that say how many they are', async () => {
    const room = await world.create(newRoom(), 'ana')
    const token = await world.person('noisy')
    for (let n = 0; n < 20; n++)
      await Promise.all(Array.from({ length: 10 }, () => world.call(roomPath(room), { token })))
    const total = async (): Promise<number> =>
      (await read({ room, user: 'noisy' })).reduce((sum, { count }) => sum + count, 0)
    await waitUntil(async () => (await total()) === 200, { about: 'all of them', timeoutMs: 20_000 })
    expect((await read({ room, user: 'noisy' })).length).toBeLessThan(20)
  })

  it('everything that waited when the server stops', async () => {
    const room = await world.create(newRoom(), 'ana')
    await world.call(roomPath(room), { token: await world.person('late') })
    await world.server.restart()
    expect(await read({ room, user: 'late' })).toHaveLength(1)
  })
})

describe.skipIf(missing('postgres'))('the audit is read', () => {
  it('by administrators, of a room by whoever manages it, and by nobody else', async () => {
    const room = await world.create(newRoom(), 'ana', { ben: 'writer' })
    await recorded({ room, action: 'member-set' })
    expect(await read({ room }, await world.person('ana'))).toHaveLength(1)
    const ask = async (user: string, query: string): Promise<Response> =>
      world.call(`/api/audit${query}`, { token: await world.person(user) })
    const about = `?room=${encodeURIComponent(room)}`
    await expectProblem(await ask('ben', about), 'forbidden')
    await expectProblem(await ask('ana', ''), 'forbidden')
    await expectProblem(await ask('eve', about), 'forbidden')
  })

  it('page by page, the newest first, without a gap', async () => {
    const room = await world.create(newRoom(), 'ana')
    for (let n = 0; n < 5; n++) await world.setRole(room, 'ana', `user-${n}`, 'reader')
    await waitUntil(async () => (await read({ room })).length === 5, { about: 'all rows' })
    const seen: Row[] = []
    for (let before: string | null = ''; before !== null; ) {
      const query: string = new URLSearchParams({
        room,
        limit: '2',
        ...(before === '' ? {} : { before })
      }).toString()
      const page = await (await world.call(`/api/audit?${query}`, { token: world.admin })).json()
      seen.push(...page.rows)
      before = page.next
    }
    expect(seen.map(({ detail }) => detail.member)).toEqual([
      'user-4',
      'user-3',
      'user-2',
      'user-1',
      'user-0'
    ])
    const [, second] = seen
    expect(await read({ room, after: second?.id ?? '' })).toHaveLength(1)
  })
})

const someEvent = {
  room: null,
  userId: 'ana',
  action: 'joined',
  code: null,
  detail: {},
  address: ''
} as const

/** An audit on a database that answers as it is told. */
const auditOn = (database: Queryable) => {
  const metrics = createMetrics()
  const audit: Audit = createAudit({ database, logger: silent, metrics, daysMax: 90 })
  const dropped = async (): Promise<number> =>
    Number(/^roomlog_audit_dropped_total (\d+)/m.exec((await metrics.read()).text)?.[1])
  return { audit, dropped }
}

describe('an audit whose database is away', () => {
  it('holds nobody up, keeps what it may, counts what it drops, and writes once it is back', async () => {
    let isAway = true
    const written: string[] = []
    const { audit, dropped } = auditOn({
      async query(_, [rows] = []) {
        if (isAway) throw new DatabaseError('unavailable', 'away')
        written.push(...JSON.parse(String(rows)).map(({ user_id }: { user_id: string }) => user_id))
        return []
      }
    })
    for (let n = 0; n < 12_000; n++) audit.record({ ...someEvent, userId: `user-${n}` })
    await waitUntil(async () => (await dropped()) === 2_000, { about: 'the count of what was dropped' })
    isAway = false
    await audit.close(5_000)
    expect(written).toHaveLength(10_000)
    expect(new Set(written).size).toBe(10_000)
  })

  it('does not keep the server from stopping', async () => {
    const { audit } = auditOn({ query: () => new Promise(() => {}) })
    audit.record(someEvent)
    const since = performance.now()
    await audit.close(50)
    expect(performance.now() - since).toBeLessThan(10_000)
  })
})

describe('an audit', () => {
  let memory: AuthorityWorld
  beforeAll(async () => {
    memory = await openAuthorityWorld()
  })
  afterEach(() => memory.database.exec('delete from audit'))
  afterAll(() => memory[Symbol.asyncDispose]())

  it('forgets what is older than it is to keep, and nothing else', async () => {
    const { database } = memory
    const { audit } = auditOn(database)
    audit.record(someEvent)
    await audit.close(5_000)
    const old = (Date.now() - 5 * 86_400_000).toString(16).padStart(12, '0')
    await database.query(
      `insert into audit select $1::uuid, at, room, 'long ago', action, code, detail, address, count from audit`,
      [`${old.slice(0, 8)}-${old.slice(8)}-7000-8000-000000000000`]
    )
    const users = async () =>
      (await database.query('select user_id from audit')).map(({ user_id }) => user_id)
    await forgetAudit(database, 6)
    expect((await users()).sort()).toEqual(['ana', 'long ago'])
    await forgetAudit(database, 4)
    expect(await users()).toEqual(['ana'])
  })

  it('takes no more rows of refusals than it may, whoever is refused', async () => {
    const { audit, dropped } = auditOn({ query: async () => [] })
    for (let n = 0; n < 3_000; n++)
      audit.record({ ...someEvent, userId: `user-${n}`, action: 'enter-refused', code: 'forbidden' })
    await audit.close(1_000)
    expect(await dropped()).toBe(2_000)
  })

  it('keeps text that Postgres would refuse', async () => {
    const { database } = memory
    const { audit, dropped } = auditOn(database)
    audit.record({ ...someEvent, userId: 'a\0b\ud800', detail: { detail: `\0${'x'.repeat(2_000)}` } })
    await audit.close(5_000)
    const [row] = await database.query<{ user_id: string; detail: { detail: string } }>('select * from audit')
    expect(row).toMatchObject({ user_id: 'a\ufffdb\ufffd' })
    expect(row?.detail.detail).toHaveLength(500)
    expect(await dropped()).toBe(0)
  })
})
