import type { Browser } from 'playwright-core'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from './support/chromium.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { buildApps, createForm, indicated, question, visit, writeQuestions } from './support/form-app.ts'
import { missing } from './support/missing.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('chromium') ?? missing('postgres'))('a form on a server with auth', () => {
  let database: TestDatabase
  let server: ServerProcess
  let browser: Browser

  beforeAll(async () => {
    await buildApps()
    database = await createDatabase()
    server = await startServer({ databaseUrl: database.url, env: { AUTH_SECRET: authSecret } })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await database?.drop()
  })

  const tokenFor = (sub: string, name: string, more: object = {}): Promise<string> =>
    signToken({ sub, name, exp: seconds() + 600, ...more })

  const makers = { grants: [{ room: 'form/*', role: 'owner' }] }

  /** A form with one question, of somebody who wrote it and left. */
  const writtenForm = async (id: string): Promise<string> => {
    const token = await tokenFor('olga', 'Olga Brandt', makers)
    const address = await createForm(server.url, token, id)
    await using owner = await visit(browser, server.url, { token })
    await owner.page.goto(address)
    await writeQuestions(owner.page, 'Name')
    await waitUntil(async () => /^Saved/.test(await indicated(owner.page)), {
      about: 'the question to be saved'
    })
    return address
  }

  /** What the server answers to an update that changes nothing: it depends on the role alone. */
  const writeNothing = async (id: string, token: string): Promise<number> => {
    const { status } = await fetch(`${server.url}/api/rooms/form%2F${id}/doc`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
      body: new Uint8Array([0, 0])
    })
    return status
  }

  test('lets nobody in without a token, and says what to do', async () => {
    await using stranger = await visit(browser, server.url)
    await stranger.page.goto(server.url)
    await stranger.page.getByRole('textbox', { name: 'Your name' }).fill('Ana')
    await stranger.page.keyboard.press('Enter')
    await stranger.page.getByText('open the link that you were given').waitFor()
  })

  test('takes the token out of the address', async () => {
    await using visitor = await visit(browser, server.url)
    await visitor.page.goto(`${server.url}/#token=${await tokenFor('ana', 'Ana Kowalska')}`)
    await visitor.page.getByRole('button', { name: 'Create a form' }).waitFor()
    expect(visitor.page.url()).toBe(`${server.url}/`)
  })

  test('shows a reader everything and lets them change nothing', async () => {
    const address = await writtenForm('read-only')
    const grants = [{ room: 'form/*', role: 'reader' }]
    await using reader = await visit(browser, server.url, {
      token: await tokenFor('ben', 'Ben Hart', { grants })
    })
    await reader.page.goto(address)
    await reader.page.getByText('You can read. Olga Brandt can give you edit rights.').waitFor()
    await question(reader.page, 1).click()
    await reader.page.keyboard.type('mine')
    expect(await question(reader.page, 1).inputValue()).toBe('Name')
    expect(await reader.page.getByRole('button', { name: /^(Add|Remove|Move|Undo)/ }).count()).toBe(0)
  })

  test('says to whom the form is closed that it is', async () => {
    const address = await writtenForm('closed')
    await using other = await visit(browser, server.url, { token: await tokenFor('cleo', 'Cleo Marin') })
    await other.page.goto(address)
    await other.page.getByText('You may not open this form.').waitFor()
  })

  test('says so when the token expires', async () => {
    const address = await writtenForm('expires')
    const token = await tokenFor('ana', 'Ana Kowalska', { ...makers, exp: seconds() + 4 })
    await using ana = await visit(browser, server.url, { token })
    await ana.page.goto(address)
    await question(ana.page, 1).waitFor()
    await ana.page.getByText('You are signed out.').waitFor()
  })

  test('says so when the token is revoked', async () => {
    const address = await writtenForm('revoked')
    await using dora = await visit(browser, server.url, {
      token: await tokenFor('dora', 'Dora Nagy', { ...makers, jti: 'dora-1' })
    })
    await dora.page.goto(address)
    await question(dora.page, 1).waitFor()
    const admin = await tokenFor('root', 'Root', { grants: [{ room: '*', role: 'admin' }] })
    const answer = await fetch(`${server.url}/api/revocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${admin}` },
      body: JSON.stringify({ tokenId: 'dora-1' })
    })
    expect(answer.status).toBe(204)
    await dora.page.getByText('You are signed out.').waitFor()
  })

  test('keeps the text of a change that is refused, to copy it', async () => {
    const address = await writtenForm('refused')
    await using sql = closing(postgres(database.url, { max: 1 }))
    await sql.run`insert into member (room_id, user_id, role) select id, 'ana', 'editor' from room where name = 'form/refused'`
    const token = await tokenFor('ana', 'Ana Kowalska')
    await using ana = await visit(browser, server.url, { token })
    await ana.page.goto(address)
    await question(ana.page, 1).waitFor()
    await waitUntil(async () => /^Saved/.test(await indicated(ana.page)), { about: 'Saved' })
    await ana.disconnect()
    await question(ana.page, 1).fill('Bring sturdy shoes')
    await waitUntil(async () => /^Offline · 1/.test(await indicated(ana.page)), { about: 'Offline · 1' })
    await sql.run`update member set role = 'reader' where user_id = 'ana'`
    await waitUntil(async () => (await writeNothing('refused', token)) === 403, {
      about: 'the server to know the new role'
    })
    await ana.reconnect()
    await waitUntil(async () => (await indicated(ana.page)) === 'Could not save', {
      about: 'Could not save',
      timeoutMs: 20_000
    })
    await ana.page.getByText('Bring sturdy shoes').first().waitFor()
    await ana.page.getByRole('button', { name: 'Go on without it' }).click()
    await waitUntil(async () => /^Saved/.test(await indicated(ana.page)), { about: 'Saved' })
    expect(await question(ana.page, 1).inputValue()).toBe('Name')
  })
})

const closing = (sql: postgres.Sql) => ({ run: sql, [Symbol.asyncDispose]: () => sql.end() })
