import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { expectProblem, type HttpServer, roomPath, startHttpServer } from './support/http.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'

let server: HttpServer
let owner: string
let painter: string
let guest: string

beforeAll(async () => {
  server = await startHttpServer({
    AUTH_SECRET: authSecret,
    ROOMLOG_KINDS: 'test/support/board.ts',
    ROOMLOG_FRAME_BYTES_MAX: '64KiB'
  })
  const as = (role: string, sub: string) =>
    signToken({
      sub,
      exp: seconds() + 600,
      grants: [
        { room: 'board/*', role },
        { room: 'document/*', role: 'writer' }
      ]
    })
  owner = await as('owner', 'ana')
  painter = await as('painter', 'ben')
  guest = await as('guest', 'cleo')
})
afterAll(() => server[Symbol.asyncDispose]())

let rooms = 0

/** A board with two cards, as it was read. */
const startBoard = async () => {
  const name = `board/${++rooms}`
  expect((await server.call('/api/rooms', { token: owner, json: { name } })).status).toBe(201)
  const room = { name, ...doors(name) }
  await room.patch([
    { op: 'replace', path: '/title', value: 'tea is hot' },
    { op: 'add', path: '/cards/-', value: { name: 'Ace', rank: 1 } },
    { op: 'add', path: '/cards/-', value: { name: 'Boy', rank: 2 } }
  ])
  return { ...room, view: await room.read() }
}

interface BoardView {
  readonly seq: number
  readonly data: {
    readonly title: string
    readonly settings: { readonly limit: number }
    readonly cards: readonly { readonly id: string; readonly name: string; readonly color: string }[]
  }
}

interface PatchOptions {
  readonly token?: string
  readonly base?: number | string
  readonly strategy?: string
  readonly headers?: Record<string, string>
}

const doors = (name: string) => ({
  read: async (): Promise<BoardView> => (await server.call(roomPath(name, '/view'), { token: owner })).json(),
  head: async (): Promise<number> =>
    (await (await server.call(roomPath(name), { token: owner })).json()).head,
  patch: (
    operations: unknown,
    { token = owner, base, strategy, headers }: PatchOptions = {}
  ): Promise<Response> =>
    server.call(roomPath(name, `/view${strategy === undefined ? '' : `?strategy=${strategy}`}`), {
      method: 'PATCH',
      token,
      json: operations,
      headers: {
        'content-type': 'application/json-patch+json',
        ...(base === undefined ? {} : { 'if-match': String(base) }),
        ...headers
      }
    })
})

const rename = (id: string, value: string) => [{ op: 'replace', path: `/cards/${id}/name`, value }]

describe('a patch over HTTP', () => {
  test('is one entry of its author, answered when it is committed', async () => {
    const { patch, read, name, view } = await startBoard()
    const answer = await patch([
      { op: 'replace', path: '/title', value: 'tea is cold' },
      { op: 'replace', path: '/cards/0/rank', value: 7 },
      { op: 'add', path: '/cards/-', value: { name: 'Cat', rank: 3 } }
    ])
    const { seq, inserted, ...rest } = await answer.json()
    expect([answer.status, seq, rest]).toEqual([200, view.seq + 1, { epoch: 1, changed: true }])
    const after = await read()
    expect(after).toMatchObject({
      seq,
      data: { title: 'tea is cold', cards: [{ rank: 7 }, {}, { name: 'Cat' }] }
    })
    expect(inserted).toEqual([`cards/${after.data.cards[2]?.id}`])
    const log = await (
      await server.call(roomPath(name, `/entries?after=${view.seq}`), { token: owner })
    ).json()
    expect(log.entries).toMatchObject([{ seq, author: 'ana' }])
  })

  test('is answered with the view, where that is preferred', async () => {
    const { patch } = await startBoard()
    const prefer = { prefer: 'respond-async, return=representation' }
    const answer = await patch([{ op: 'remove', path: '/cards/0' }], { headers: prefer })
    expect(await answer.json()).toMatchObject({ changed: true, data: { cards: [{ name: 'Boy' }] } })
  })

  test('that changes nothing makes no entry', async () => {
    const { patch, view, head } = await startBoard()
    const answer = await patch([{ op: 'replace', path: '/title', value: 'tea is hot' }])
    expect(await answer.json()).toEqual({ seq: view.seq, epoch: 1, changed: false, inserted: [] })
    expect(await head()).toBe(view.seq)
  })

  test('that is refused in its last operation changes nothing', async () => {
    const { patch, read, view } = await startBoard()
    const begin = { op: 'replace', path: '/title', value: 'x' }
    const refused = async (operation: unknown, code: Parameters<typeof expectProblem>[1]): Promise<void> =>
      void (await expectProblem(await patch([begin, operation]), code))
    await refused({ op: 'test', path: '/phase', value: 'closed' }, 'patch-failed')
    await refused({ op: 'replace', path: '/phase', value: 'later' }, 'value-invalid')
    await refused({ op: 'add', path: '/__proto__/x', value: 1 }, 'request-invalid')
    await refused({ op: 'add', path: '/cards/9', value: {} }, 'patch-failed')
    expect(await read()).toEqual(view)
  })

  test('is read strictly', async () => {
    const { patch, name, head, view } = await startBoard()
    await expectProblem(await patch({ op: 'remove' }), 'request-invalid')
    await expectProblem(await patch([], { headers: { 'content-type': 'text/plain' } }), 'request-invalid')
    await expectProblem(
      await patch([], { headers: { 'content-type': 'application/json' } }),
      'request-invalid'
    )
    await expectProblem(await patch([], { base: 'yesterday' }), 'seq-invalid')
    await expectProblem(await patch([], { strategy: 'mine' }), 'request-invalid')
    await expectProblem(await patch([{ op: 'add', path: '/title', value: 'x'.repeat(70_000) }]), 'too-large')
    const noJson = await server.call(roomPath(name, '/view'), {
      method: 'PATCH',
      token: owner,
      bytes: new TextEncoder().encode('[{'),
      headers: { 'content-type': 'application/json-patch+json' }
    })
    await expectProblem(noJson, 'message-malformed')
    expect(await head()).toBe(view.seq)
  })

  test('begins the document of a room in which nothing is', async () => {
    const { patch, read } = doors(`board/${++rooms}`)
    expect(await (await patch([{ op: 'replace', path: '/settings/limit', value: 7 }])).json()).toMatchObject({
      seq: 1
    })
    expect(await read()).toMatchObject({ data: { settings: { limit: 7 } } })
  })

  test('edits a free document', async () => {
    const name = 'document/free'
    await server.call('/api/rooms', { token: owner, json: { name } })
    const { patch, read } = doors(name)
    await patch([
      { op: 'add', path: '/notes', value: 'tea is hot' },
      { op: 'add', path: '/map', value: { a: 1 } }
    ])
    const { seq } = await read()
    await patch([{ op: 'add', path: '/map/b', value: [2] }])
    const answer = await patch([{ op: 'replace', path: '/map/a', value: 3 }], { base: seq })
    expect(answer.status).toBe(200)
    expect(await read()).toMatchObject({ data: { notes: 'tea is hot', map: { a: 3, b: [2] } } })
  })
})

describe('a role', () => {
  test('that may write a field of every entry writes that, and no other, by index or by id', async () => {
    const { patch, read, view } = await startBoard()
    const [card] = view.data.cards
    const paint = (color: string) => ({ op: 'replace', path: '/cards/0/color', value: color })
    expect((await patch([paint('red')], { token: painter })).status).toBe(200)
    for (const operation of [
      { op: 'replace', path: '/cards/0/name', value: 'x' },
      { op: 'replace', path: `/cards/${card?.id}/rank`, value: 9 },
      { op: 'remove', path: '/cards/0' },
      { op: 'move', from: '/cards/0', path: '/cards/1' },
      { op: 'add', path: '/cards/-', value: { rank: 1 } },
      { op: 'replace', path: '/title', value: 'x' },
      { op: 'add', path: '/answers/f1', value: 'x' },
      { op: 'replace', path: '/settings/theme', value: 'x' }
    ]) {
      await expectProblem(await patch([paint('blue'), operation], { token: painter }), 'path-refused')
    }
    expect((await read()).data.cards).toMatchObject([{ name: 'Ace', color: 'red' }, { name: 'Boy' }])
  })

  test('is told the path that it may not write', async () => {
    const { patch, view } = await startBoard()
    const answer = await patch([{ op: 'replace', path: '/cards/1/rank', value: 9 }], { token: painter })
    expect((await answer.json()).path).toBe(`cards/${view.data.cards[1]?.id}/rank`)
  })

  test('writes for itself, and for nobody else, what everybody has one of', async () => {
    const { patch, read } = await startBoard()
    const vote = (user: string) => [{ op: 'add', path: `/votes/${user}`, value: 3 }]
    expect((await patch(vote('ben'), { token: painter })).status).toBe(200)
    await expectProblem(await patch(vote('ana'), { token: painter }), 'path-refused')
    expect((await patch(vote('ana'), { token: owner })).status).toBe(200)
    expect(await read()).toMatchObject({ data: { votes: { ana: 3, ben: 3 } } })
  })

  test('that may only read patches nothing', async () => {
    const { patch } = await startBoard()
    await expectProblem(
      await patch([{ op: 'replace', path: '/title', value: 'x' }], { token: guest }),
      'read-only'
    )
    await expectProblem(await patch([], { token: 'forged' }), 'token-invalid')
  })
})

describe('a patch that says which seq it is based on', () => {
  test('is merged with what others did to other places', async () => {
    const { patch, read, view } = await startBoard()
    const [ace, boy] = view.data.cards
    await patch(rename(ace?.id ?? '', 'King'))
    await patch([{ op: 'move', from: '/cards/0', path: '/cards/1' }])
    for (const base of [view.seq, `"${view.seq}"`])
      expect((await patch(rename(boy?.id ?? '', `Bee ${base}`), { base })).status).toBe(
        base === view.seq ? 200 : 409
      )
    expect((await read()).data.cards.map(({ name }) => name)).toEqual([`Bee ${view.seq}`, 'King'])
  })

  test('is refused with the three values, and who changed it when, where others did the same', async () => {
    const { patch, read, view } = await startBoard()
    const [ace] = view.data.cards
    const before = Date.now()
    await patch([
      { op: 'replace', path: '/cards/0/color', value: 'red' },
      { op: 'replace', path: '/title', value: 'tea is cold' }
    ])
    await patch([{ op: 'replace', path: '/cards/0/color', value: 'blue' }], { token: painter })
    await patch([{ op: 'replace', path: '/cards/0/rank', value: 9 }])
    const now = await read()
    const answer = await patch(
      [
        { op: 'replace', path: '/cards/0/color', value: 'green' },
        { op: 'replace', path: '/cards/0/name', value: 'King' },
        { op: 'replace', path: '/title', value: 'tea is warm' }
      ],
      { base: view.seq }
    )
    const { conflicts, ...problem } = await answer.json()
    expect([answer.status, problem.code]).toEqual([409, 'version-conflict'])
    expect(conflicts).toEqual([
      {
        path: 'title',
        base: 'tea is hot',
        theirs: 'tea is cold',
        mine: 'tea is warm',
        by: 'ana',
        at: expect.any(Number)
      },
      {
        path: `cards/${ace?.id}/color`,
        base: 'white',
        theirs: 'blue',
        mine: 'green',
        by: 'ben',
        at: expect.any(Number)
      }
    ])
    for (const { at } of conflicts) expect(at).toBeGreaterThanOrEqual(before - 1)
    expect(await read()).toEqual(now)
  })

  test('is merged by words, or wins, as it asks', async () => {
    const { patch, read, view } = await startBoard()
    await patch([{ op: 'replace', path: '/title', value: 'green tea is hot' }])
    const edit = [{ op: 'replace', path: '/title', value: 'tea is very hot' }]
    expect((await patch(edit, { base: view.seq, strategy: 'merge' })).status).toBe(200)
    expect((await read()).data.title).toBe('green tea is very hot')
    expect((await patch(edit, { base: view.seq, strategy: 'last' })).status).toBe(200)
    expect((await read()).data.title).toBe('tea is very hot')
  })

  test('is refused where the room has not come so far, or is not there', async () => {
    const { patch, view } = await startBoard()
    await expectProblem(await patch([], { base: view.seq + 1 }), 'seq-ahead')
    await expectProblem(await doors('board/none').patch([], { base: 0 }), 'room-not-found')
  })

  test('says what is wrong with itself before it says what others did', async () => {
    const { patch, view } = await startBoard()
    await patch([{ op: 'remove', path: '/cards/0' }])
    await expectProblem(
      await patch(
        [{ op: 'test', path: '/title', value: 'x' }, ...rename(view.data.cards[0]?.id ?? '', 'x')],
        {
          base: view.seq
        }
      ),
      'patch-failed'
    )
  })
})

describe('of patches at the same moment', () => {
  const limit = async (read: () => Promise<BoardView>) => (await read()).data.settings.limit
  const many = 12

  test('those that test a value count each other', async () => {
    const { patch, read } = await startBoard()
    const from = await limit(read)
    const answers = await Promise.all(
      Array.from({ length: many }, (_, index) =>
        patch([
          { op: 'test', path: '/settings/limit', value: from + (index % 3) },
          { op: 'replace', path: '/settings/limit', value: from + (index % 3) + 1 }
        ])
      )
    )
    const done = answers.filter(({ status }) => status === 200).length
    expect(done).toBeGreaterThan(0)
    expect(await limit(read)).toBe(from + done)
  })

  test('those that are based on one seq let one of them write one place', async () => {
    const { patch, read, view } = await startBoard()
    const answers = await Promise.all(
      Array.from({ length: many }, (_, index) =>
        patch([{ op: 'replace', path: '/settings/limit', value: 100 + index }], { base: view.seq })
      )
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(await limit(read)).toBe(100 + answers.findIndex(({ status }) => status === 200))
  })

  test('none loses what is written to the document meanwhile', async () => {
    const { patch, read, name, view } = await startBoard()
    const document = new Y.Doc()
    const write = async (word: string): Promise<Response> => {
      const before = Y.encodeStateVector(document)
      document.getText('notes/n1').insert(0, word)
      const bytes = Uint8Array.from(Y.encodeStateAsUpdate(document, before))
      return server.call(roomPath(name, '/doc'), { token: owner, bytes })
    }
    const typing = (async () => {
      for (let index = 0; index < many; index++) expect((await write('x')).status).toBe(200)
    })()
    for (let index = 0; index < many; index++)
      expect(
        (
          await patch(rename(view.data.cards[0]?.id ?? '', `Card ${index}`), {
            base: view.seq,
            strategy: 'last'
          })
        ).status
      ).toBe(200)
    await typing
    expect(await read()).toMatchObject({
      data: { notes: { n1: 'x'.repeat(many) }, cards: [{ name: `Card ${many - 1}` }, {}] }
    })
  })
})
