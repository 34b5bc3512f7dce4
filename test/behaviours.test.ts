import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { Complaint } from '../schema/behaviour.ts'
import { form } from '../schema/kinds/form.ts'
import { response } from '../schema/kinds/response.ts'
import { agreedCard, swipe } from '../schema/kinds/swipe.ts'
import { swipes } from '../schema/kinds/swipes.ts'
import { timeline } from '../schema/kinds/timeline.ts'
import { rsvp } from '../schema/kinds/timeline-own.ts'
import { createLiveStorage } from '../schema/live-storage.ts'
import { parseRoomName } from '../schema/room-name.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { expectProblem, roomPath } from './support/http.ts'
import { missing } from './support/missing.ts'
import { candle, mark, tally } from './support/own-kinds.ts'
import { createPerson, type Person } from './support/person.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('behaviours', () => {
  let world: SessionWorld
  let ana: Person
  let ben: Person
  let cleo: Person
  let operator: Person

  beforeAll(async () => {
    world = await startSessionWorld({ ROOMLOG_KINDS: './test/support/own-kinds.ts' })
    const person = (id: string, grants: Record<string, string>) => createPerson(world.server.url, id, grants)
    ana = await person('ana', {
      'form/*': 'owner',
      'swipe/*': 'host',
      'timeline/*': 'couple',
      'candle/*': 'owner',
      'tally/*': 'owner'
    })
    ben = await person('ben', { 'form/*': 'respondent', 'swipe/*': 'member', 'timeline/*': 'guest' })
    cleo = await person('cleo', { 'form/*': 'reader', 'swipe/*': 'member', 'timeline/*': 'guest' })
    operator = await person('operator', { '*': 'admin' })
  })
  afterAll(() => world[Symbol.asyncDispose]())

  let rooms = 0
  const newId = (): string => `r${++rooms}`
  const headOf = async (room: string): Promise<number> => (await (await operatorCall(room)).json()).head
  const operatorCall = (room: string): Promise<Response> =>
    fetch(`${world.server.url}${roomPath(room)}`, { headers: { authorization: `Bearer ${operator.token}` } })
  const authorOf = async (room: string): Promise<string | undefined> =>
    (await world.rows(room)).at(-1)?.author

  /** A form with one required question, and a response of Ben's to it. */
  const startResponse = async () => {
    const id = newId()
    let question = ''
    await ana.write(form, `form/${id}`, ({ fields }) => {
      question = fields.insert({ type: 'short-text', required: true })
    })
    const room = `response/${id}~x`
    expect((await ben.create(room, { device: 'phone' })).status).toBe(201)
    return { id, room, question, form: `form/${id}` }
  }
  const answer = (room: string, question: string, text: string): Promise<Response> =>
    ben.write(response, room, ({ answerTexts }) => answerTexts.get(question).replace(text))

  describe('a response', () => {
    test('stands for the form as it was when it was made', async () => {
      const { room, form } = await startResponse()
      expect(await ben.view(response, room)).toMatchObject({
        definitionSeq: await headOf(form),
        respondent: 'ben',
        device: 'phone',
        status: { state: 'draft' }
      })
    })

    test('is made by those who may answer the form, and by nobody by writing to it', async () => {
      const { id } = await startResponse()
      await expectProblem(await cleo.create(`response/${id}~y`), 'forbidden')
      await expectProblem(
        await operator.write(response, `response/${id}~z`, ({ answers }) => answers.set('f', 1)),
        'room-not-found'
      )
    })

    test('is made once', async () => {
      const { room } = await startResponse()
      await expectProblem(await ben.create(room), 'room-exists')
    })

    test('of a form that is not there is not made, and nothing is left of it', async () => {
      await expectProblem(await ben.create('response/nowhere~x'), 'room-not-found')
      expect((await operatorCall('response/nowhere~x')).status).toBe(404)
    })

    test('is not sent while answers are missing: it says which, and nothing is changed', async () => {
      const { room, question } = await startResponse()
      const head = await headOf(room)
      const refused = await ben.act(room, 'submit')
      expect(refused.status).toBe(422)
      const problem: { code: string; complaints: Complaint[] } = await refused.json()
      expect(problem.code).toBe('action-refused')
      expect(problem.complaints).toEqual([{ path: `answers/${question}`, detail: 'This needs an answer.' }])
      expect(await headOf(room)).toBe(head)
    })

    test('is sent as one entry of whoever sends it', async () => {
      const { room, question } = await startResponse()
      await answer(room, question, 'Noor')
      const head = await headOf(room)
      const sent = await (await ben.act(room, 'submit')).json()
      expect(sent).toMatchObject({ seq: head + 1, changed: true })
      expect(await authorOf(room)).toBe('ben')
      expect((await ana.view(response, room)).status).toMatchObject({ state: 'submitted', by: 'ben' })
    })

    test('is judged by the form that it was made for, whatever has become of it since', async () => {
      const { room, question, form: asked } = await startResponse()
      await ana.write(form, asked, ({ fields }) => fields.insert({ type: 'number', required: true }))
      await answer(room, question, 'Noor')
      expect((await ben.act(room, 'submit')).status).toBe(200)
    })

    test('cannot be changed once it is sent, until somebody reopens it', async () => {
      const { room, question } = await startResponse()
      await answer(room, question, 'Noor')
      await ben.act(room, 'submit')
      await expectProblem(await answer(room, question, 'Nora'), 'read-only')
      await expectProblem(await ben.act(room, 'reopen'), 'forbidden')
      expect((await ana.act(room, 'reopen')).status).toBe(200)
      expect((await answer(room, question, 'Nora')).status).toBe(200)
    })

    test('is reviewed after it was sent, not before', async () => {
      const { room, question } = await startResponse()
      expect((await ana.act(room, 'review')).status).toBe(422)
      await answer(room, question, 'Noor')
      await ben.act(room, 'submit')
      await ana.act(room, 'review')
      expect((await ben.view(response, room)).status.state).toBe('reviewed')
    })

    test('sent twice is sent once', async () => {
      const { room, question } = await startResponse()
      await answer(room, question, 'Noor')
      await ben.act(room, 'submit')
      expect(await (await ben.act(room, 'submit')).json()).toMatchObject({ changed: false })
    })

    test('has no other actions', async () => {
      const { room } = await startResponse()
      await expectProblem(await ben.act(room, 'publish'), 'not-found')
      await expectProblem(await ben.act(room, 'toString'), 'not-found')
    })
  })

  const cards = ['lupo', 'norte', 'kajuete'].map((id) => ({ id, title: id }))
  /** A round that Ana hosts and the others have joined. */
  const startRound = async (others: readonly Person[] = [ben], rules = {}) => {
    const id = newId()
    const made = await ana.create(`swipe/${id}`, { deck: cards, rules: { peopleMax: 3, ...rules } })
    expect(made.status).toBe(201)
    for (const person of others) expect((await person.act(`swipe/${id}`, 'join')).status).toBe(200)
    return { id, room: `swipe/${id}` }
  }
  type Said = 'yes' | 'no' | 'maybe' | 'veto' | null
  const say = async (person: Person, id: string, card: string, said: Said): Promise<void> => {
    const done = await person.write(swipes, `swipes/${id}~${person.id}`, ({ answers }) => {
      if (said === null) answers.remove(card)
      else answers.set(card, { answer: said, at: 1 })
    })
    expect(done.status).toBe(200)
  }
  const progressIs = (room: string, progress: Record<string, number>): Promise<unknown> =>
    waitUntil(async () => isDeepStrictEqual((await ana.view(swipe, room)).progress, progress), {
      about: `progress ${JSON.stringify(progress)}`
    })
  const matchesOf = async (room: string): Promise<string[]> =>
    Object.keys((await ana.view(swipe, room)).matches)

  describe('a round of swiping', () => {
    test('has the same cards in the same order for everybody, which nobody can change', async () => {
      const { room } = await startRound()
      expect((await ben.view(swipe, room)).deck.map(({ id }) => id)).toEqual(['lupo', 'norte', 'kajuete'])
      await expectProblem(await ana.write(swipe, room, ({ deck }) => deck.set([])), 'path-refused')
    })

    test('with two cards of one id is refused, and not there', async () => {
      const refused = await ana.create('swipe/twice', { deck: [cards[0], cards[0]] })
      expect(refused.status).toBe(422)
      expect((await operatorCall('swipe/twice')).status).toBe(404)
    })

    test('that more people must agree on than there can be is refused', async () => {
      const refused = await ana.create('swipe/never', { deck: cards, rules: { quorum: 3, peopleMax: 2 } })
      expect((await refused.json()).complaints).toMatchObject([{ path: 'rules/quorum' }])
    })

    test('takes no more people than it is for', async () => {
      const { room } = await startRound([ben], { peopleMax: 2 })
      expect((await cleo.act(room, 'join')).status).toBe(422)
    })

    test('gives its last seat to one of two who ask for it at once', async () => {
      for (let round = 0; round < 5; round++) {
        const { room } = await startRound([], { peopleMax: 2 })
        const asked = await Promise.all([ben.act(room, 'join'), cleo.act(room, 'join')])
        expect(asked.map(({ status }) => status).sort()).toEqual([200, 422])
        expect(Object.keys((await ana.view(swipe, room)).members)).toHaveLength(2)
      }
    })

    test('finds a match once both have said yes, and tells of nothing else', async () => {
      const { id, room } = await startRound()
      await say(ana, id, 'norte', 'yes')
      await say(ana, id, 'lupo', 'yes')
      await say(ben, id, 'lupo', 'yes')
      await progressIs(room, { ana: 2, ben: 1 })
      expect(await matchesOf(room)).toEqual(['lupo'])
    })

    test('keeps what one person says from everybody else, the host too', async () => {
      const { id } = await startRound()
      await say(ben, id, 'lupo', 'yes')
      await expectProblem(await ana.read(`swipes/${id}~ben`), 'forbidden')
      await expectProblem(await cleo.read(`swipes/${id}~ben`), 'forbidden')
    })

    test('forgets a yes that was taken back in time', async () => {
      const { id, room } = await startRound()
      await say(ana, id, 'lupo', 'yes')
      await say(ana, id, 'lupo', null)
      await say(ben, id, 'lupo', 'yes')
      await progressIs(room, { ben: 1, ana: 0 })
      expect(await matchesOf(room)).toEqual([])
    })

    test('keeps a match that everybody has seen, until it is undone by name', async () => {
      const { id, room } = await startRound()
      await say(ana, id, 'lupo', 'yes')
      await say(ben, id, 'lupo', 'yes')
      await progressIs(room, { ana: 1, ben: 1 })
      await say(ana, id, 'lupo', null)
      await progressIs(room, { ana: 0, ben: 1 })
      expect(await matchesOf(room)).toEqual(['lupo'])
      await ana.act(room, 'unmatch', { card: 'lupo' })
      expect((await ben.view(swipe, room)).matches).toMatchObject({ lupo: { undoneBy: 'ana' } })
    })

    test('leaves out a card that somebody has vetoed, once for each of them', async () => {
      const { id, room } = await startRound([ben, cleo], { quorum: 2 })
      await say(cleo, id, 'lupo', 'veto')
      await say(cleo, id, 'norte', 'veto')
      for (const card of ['lupo', 'norte']) {
        await say(ana, id, card, 'yes')
        await say(ben, id, card, 'yes')
      }
      await progressIs(room, { cleo: 2, ana: 2, ben: 2 })
      expect(await matchesOf(room)).toEqual(['norte'])
    })

    test('asks everybody who is in, unless fewer are enough', async () => {
      const { id, room } = await startRound([ben, cleo])
      await say(ana, id, 'lupo', 'yes')
      await say(ben, id, 'lupo', 'yes')
      await progressIs(room, { ana: 1, ben: 1, cleo: 0 })
      expect(await matchesOf(room)).toEqual([])
      await say(cleo, id, 'lupo', 'yes')
      await progressIs(room, { ana: 1, ben: 1, cleo: 1 })
      expect(await matchesOf(room)).toEqual(['lupo'])
    })

    test('writes nothing when nothing follows', async () => {
      const { id, room } = await startRound()
      await say(ana, id, 'lupo', 'maybe')
      await progressIs(room, { ana: 1, ben: 0 })
      const head = await headOf(room)
      await say(ana, id, 'lupo', 'no')
      await say(ben, id, 'lupo', 'no')
      await progressIs(room, { ana: 1, ben: 1 })
      expect(await headOf(room)).toBe(head + 1)
    })

    test('ends when everybody has chosen the same', async () => {
      const { id, room } = await startRound()
      await say(ana, id, 'lupo', 'yes')
      await say(ben, id, 'lupo', 'yes')
      await waitUntil(async () => (await matchesOf(room)).length > 0, { about: 'the match' })
      await ana.write(swipe, room, ({ choices }) => choices.set('lupo'))
      expect(agreedCard(await ana.view(swipe, room))).toBeNull()
      await ben.write(swipe, room, ({ choices }) => choices.set('lupo'))
      expect(agreedCard(await ana.view(swipe, room))).toBe('lupo')
    })
  })

  test('guests are counted without anybody reading who said what', async () => {
    const id = newId()
    await ana.write(timeline, `timeline/${id}`, ({ title }) => title.replace('Mira and Tom'))
    await ben.write(rsvp, `rsvp/${id}~ben`, ({ reply }) => reply.set('yes'))
    await cleo.write(rsvp, `rsvp/${id}~cleo`, ({ reply }) => reply.set('no'))
    await waitUntil(async () => (await ben.view(timeline, `timeline/${id}`)).replies.notComing === 1, {
      about: 'both replies to be counted'
    })
    expect((await ben.view(timeline, `timeline/${id}`)).replies).toEqual({
      coming: 1,
      notComing: 1,
      unsure: 0
    })
    await expectProblem(await ben.read(`rsvp/${id}~cleo`), 'forbidden')
  })

  describe('a room that is left alone', () => {
    const wentOut = async (room: string): Promise<number> => (await ana.view(candle, room)).wentOut
    const goesOut = (room: string, times: number): Promise<unknown> =>
      waitUntil(async () => (await wentOut(room)) === times, { about: `${room} to go out` })
    const light = (room: string, note: string): Promise<Response> =>
      ana.write(candle, room, (storage) => storage.note.replace(note))

    test('is settled once, by the server', async () => {
      const [first, second] = [`candle/${newId()}`, `candle/${newId()}`]
      await light(first, 'lit')
      await goesOut(first, 1)
      expect(await authorOf(first)).toBe('server')
      // That takes as long as it would take the first to go out again.
      await light(second, 'lit')
      await goesOut(second, 1)
      expect(await wentOut(first)).toBe(1)
    })

    test('is settled once more after somebody has written', async () => {
      const room = `candle/${newId()}`
      await light(room, 'lit')
      await goesOut(room, 1)
      await light(room, 'lit again')
      await goesOut(room, 2)
    })

    test('after 30 minutes a round of swiping has ended, also when the server was restarted meanwhile', async () => {
      const { id, room } = await startRound()
      await world.server.restart()
      await world.database.query(
        `update entry set at = now() - interval '31 minutes' where room_id = $1::uuid`,
        [idOf(room)]
      )
      await waitUntil(async () => (await ana.view(swipe, room)).ended?.reason === 'idle', {
        about: 'its end'
      })
      await say(ana, id, 'lupo', 'yes')
      await say(ben, id, 'lupo', 'yes')
      expect((await ben.act(room, 'join')).status).toBe(422)
    })
  })

  test('what fails to follow is tried again, though nobody writes any more', async () => {
    const id = newId()
    expect((await ana.create(`tally/${id}`)).status).toBe(201)
    await ana.write(mark, `mark/${id}~ana`, ({ count }) => count.set(3))
    await waitUntil(async () => (await ana.view(tally, `tally/${id}`)).count === 3, { about: 'the count' })
  })

  test('what a crash has left undone is done when somebody opens the room', async () => {
    const { id, room } = await startRound()
    await say(ana, id, 'lupo', 'yes')
    await progressIs(room, { ana: 1, ben: 0 })
    await say(ben, id, 'norte', 'no')
    await progressIs(room, { ana: 1, ben: 1 })
    await world.server.kill()
    // An entry that was committed right before the crash, so that nothing has followed from it yet.
    await append(`swipes/${id}~ben`)
    await world.server.restart()
    const client = await world.open()
    await client.enter(room, { token: ana.token })
    await waitUntil(async () => (await matchesOf(room)).length > 0, { about: 'the match' })
    expect(await matchesOf(room)).toEqual(['lupo'])
  })

  const append = async (room: string): Promise<void> => {
    const document = new Y.Doc()
    const who = { userId: 'ben', role: 'owner' }
    createLiveStorage(swipes, document, (change) => document.transact(change), who).answers.set('lupo', {
      answer: 'yes',
      at: 1
    })
    await world.database.query(
      `insert into entry (room_id, seq, at, author, update)
       select $1::uuid, coalesce(max(seq), 0) + 1, now(), 'ben', $2::bytea from entry where room_id = $1::uuid`,
      [idOf(room), Y.encodeStateAsUpdate(document)]
    )
  }

  const idOf = (text: string): string => {
    const name = parseRoomName(text)
    if (name === null) throw new Error(`${text} is no room`)
    return roomIdOf(name)
  }
})
