import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadKinds, mergeKinds } from '../server/kinds.ts'
import { expectProblem, type HttpServer, startHttpServer } from './support/http.ts'
import { candle, poll } from './support/own-kinds.ts'
import { createPerson, type Person } from './support/person.ts'
import { startServer } from './support/server.ts'
import { authSecret } from './support/tokens.ts'

describe('a kind of one’s own', () => {
  let server: HttpServer
  let ana: Person
  let ben: Person
  let cleo: Person

  beforeAll(async () => {
    server = await startHttpServer({ AUTH_SECRET: authSecret, ROOMLOG_KINDS: './test/support/own-kinds.ts' })
    const person = (id: string, role: string) => createPerson(server.process.url, id, { 'poll/*': role })
    ana = await person('ana', 'owner')
    ben = await person('ben', 'voter')
    cleo = await person('cleo', 'voter')
    await ana.create('poll/lunch')
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('has its shape, its rules and its actions on the server', async () => {
    let soup = ''
    await ana.write(poll, 'poll/lunch', ({ question, options }) => {
      question.replace('What for lunch?')
      soup = options.insert({ label: 'Soup' })
    })
    await ben.write(poll, 'poll/lunch', ({ votes }) => votes.set(soup))
    const tooFew = await ana.act('poll/lunch', 'close', { option: soup })
    expect(await tooFew.json()).toMatchObject({
      code: 'action-refused',
      complaints: [{ path: `options/${soup}`, detail: '1 votes' }]
    })
    await cleo.write(poll, 'poll/lunch', ({ votes }) => votes.set(soup))
    expect((await ana.act('poll/lunch', 'close', { option: soup })).status).toBe(200)
    expect(await cleo.view(poll, 'poll/lunch')).toEqual({
      question: 'What for lunch?',
      options: [{ id: soup, label: 'Soup' }],
      votes: { ben: soup, cleo: soup },
      result: soup
    })
  })

  test('is guarded: a voter writes no question, and the owner no result', async () => {
    await expectProblem(
      await ben.write(poll, 'poll/lunch', ({ question }) => question.replace('?')),
      'path-refused'
    )
    await expectProblem(await ana.write(poll, 'poll/lunch', ({ result }) => result.set('x')), 'path-refused')
  })

  test('takes only the input that an action asks for, from those who may ask', async () => {
    await expectProblem(await ana.act('poll/lunch', 'close', { option: 3 }), 'request-invalid')
    await expectProblem(await ben.act('poll/lunch', 'close', { option: 'x' }), 'forbidden')
  })
})

describe('a module of kinds', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roomlog-kinds-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const load = async (name: string, source: string) => {
    const file = join(folder, `${name}.ts`)
    await writeFile(file, source)
    return loadKinds(file)
  }

  test('adds its kinds to those that ship', async () => {
    const kinds = await loadKinds('test/support/own-kinds.ts')
    expect(kinds.get('poll')?.roles).toEqual(['owner', 'voter', 'reader'])
    expect(kinds.has('form')).toBe(true)
  })

  test.each([
    ['none', 'export const n: number = 1', /exports no kind/],
    [
      'spec',
      `export const a = { kind: 'a', storage: {} }`,
      /export a was not made by defineRoom: it has no roles/
    ],
    ['broken', 'export const = 1', /cannot be loaded/],
    ['thrown', `throw new Error('no luck')`, /cannot be loaded: no luck/]
  ])('that is %s is refused by name', async (name, source, reason) => {
    await expect(load(name, source)).rejects.toThrow(reason)
  })

  test('that is not there is refused by its path', async () => {
    await expect(loadKinds('./no-such-kinds.ts')).rejects.toThrow(
      /ROOMLOG_KINDS .\/no-such-kinds.ts: .* cannot be loaded/
    )
  })

  test('that cannot be used keeps the server from starting, and it says why', async () => {
    const env = { ROOMLOG_KINDS: './no-such-kinds.ts' }
    await expect(startServer({ env, dataDir: folder })).rejects.toThrow(/no-such-kinds.ts cannot be loaded/)
  })

  test('with a name that is taken is refused', () => {
    const own = new Map([[poll.kind, poll]])
    expect(() => mergeKinds(own, { again: { ...candle, kind: 'poll' } }, 'kinds')).toThrow(
      'export again: there is a kind named poll already'
    )
  })
})
