import type { Browser, Locator, Page } from 'playwright-core'
import { encode } from 'uqr'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faults } from './support/axe.ts'
import { launchBrowser } from './support/chromium.ts'
import {
  buildApps,
  createForm,
  indicated,
  question,
  saved,
  type Visitor,
  visit,
  writeQuestions
} from './support/form-app.ts'
import { missing } from './support/missing.ts'
import { startOwnServer } from './support/own-server.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const desk = { viewport: { width: 1440, height: 900 } } as const
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true } as const
const dialog = (page: Page): Locator => page.getByRole('dialog', { name: 'Share this form' })

/** Opens the dialog, on phones by way of the people. */
const share = async (page: Page): Promise<Locator> => {
  const people = page.getByRole('button', { name: /here\. Show them$/ })
  await question(page, 1).waitFor()
  if (await people.isVisible()) await people.click()
  await page.getByRole('button', { name: 'Share', exact: true }).click()
  await dialog(page).getByRole('heading', { name: 'Share this form' }).waitFor()
  return dialog(page)
}

/** The code on the screen, once there is one that is not this. */
const shownCode = async (page: Page, old = ''): Promise<string> => {
  const code = dialog(page).locator(`[data-code]:not([data-code="${old}"])`)
  return (await code.getAttribute('data-code')) ?? ''
}

const justDone = (page: Page, words: string): Locator =>
  page.getByRole('region', { name: 'Just done' }).getByText(words)

const typeCode = async (page: Page, code: string): Promise<void> => {
  await page.getByRole('textbox', { name: 'Code' }).fill(code)
  await page.keyboard.press('Enter')
}

describe.skipIf(missing('chromium'))('sharing a form', () => {
  let server: ServerProcess
  let guestServer: ServerProcess
  let browser: Browser
  let made = 0

  beforeAll(async () => {
    await buildApps()
    const env = { AUTH_SECRET: authSecret }
    const guestEnv = { ROOMLOG_JOIN_ATTEMPTS_PER_MINUTE_MAX: '4' }
    ;[server, guestServer, browser] = await Promise.all([
      startOwnServer(env),
      startOwnServer(guestEnv),
      launchBrowser()
    ])
  })
  afterAll(async () => {
    await browser?.close()
    await Promise.all([server?.[Symbol.asyncDispose](), guestServer?.[Symbol.asyncDispose]()])
  })

  const tokenFor = (name: string, more: object = {}): Promise<string> =>
    signToken({ sub: name.split(' ')[0]?.toLowerCase(), name, exp: seconds() + 600, ...more })

  const come = async (name: string, look: object = {}): Promise<Visitor> =>
    visit(browser, server.url, { token: await tokenFor(name), ...look })

  /** Ana in a form of hers, with one question. */
  const anaInHerForm = async (look: object = {}): Promise<Visitor & { readonly address: string }> => {
    const maker = await tokenFor('Ana Kowalska', { grants: [{ room: 'form/*', role: 'owner' }] })
    const address = await createForm(server.url, maker, `shared-${++made}`)
    const ana = await come('Ana Kowalska', look)
    await ana.page.goto(address)
    await writeQuestions(ana.page, 'Name')
    await waitUntil(async () => saved.test(await indicated(ana.page)), { about: 'Saved' })
    return { ...ana, address }
  }

  const giveRole = async (
    { address, token }: { address: string; token: string },
    name: string,
    role: string
  ) => {
    const userId = name.split(' ')[0]?.toLowerCase()
    const room = encodeURIComponent(`form/${address.split('/').at(-1)}`)
    const answer = await fetch(`${server.url}/api/rooms/${room}/members/${userId}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ role, name })
    })
    expect(answer.status).toBe(200)
  }

  /** Somebody of this role, who has the form open. */
  const withRole = async (
    ana: { address: string; token: string },
    name: string,
    role: string
  ): Promise<Visitor> => {
    await giveRole(ana, name, role)
    const visitor = await come(name)
    await visitor.page.goto(ana.address)
    await question(visitor.page, 1).waitFor()
    return visitor
  }

  test('pairs two people by a code, on two phones, and each sees the other', async () => {
    await using ana = await anaInHerForm(phone)
    await using ben = await come('Ben Hart', phone)
    await ben.page.goto(ana.address)
    await ben.page.getByText('You may not open this form.').waitFor()
    const sheet = await share(ana.page)
    await sheet.getByRole('button', { name: 'Show a code' }).click()
    await sheet.getByText(/^Works for one person, for the next (10 min 0 s|9 min \d+ s)\.$/).waitFor()
    const code = await shownCode(ana.page)
    await ben.page.goto(`${server.url}/j`)
    await typeCode(ben.page, `${code.slice(0, 3)} ${code.slice(3)}`.toLowerCase())
    await justDone(ben.page, 'You have joined as an editor.').waitFor()
    expect(ben.page.url()).toBe(ana.address)
    await sheet.getByText('Ben Hart joined.').waitFor()
    await sheet.getByRole('button', { name: 'Back' }).click()
    await sheet.getByRole('combobox', { name: 'Role of Ben Hart' }).waitFor()
    await ben.page.getByRole('button', { name: '2 people are here. Show them' }).click()
    await ben.page.getByRole('button', { name: 'Follow Ana Kowalska' }).waitFor()
    expect([...ana.errors, ...ben.errors]).toEqual([])
  })

  test('shows a square that leads where the code leads, and takes a code back for a new one', async () => {
    await using ana = await anaInHerForm(phone)
    await using ben = await come('Ben Hart', phone)
    const sheet = await share(ana.page)
    await sheet.getByRole('button', { name: 'Show a code' }).click()
    const old = await shownCode(ana.page)
    await sheet.getByRole('button', { name: 'Make a new code' }).click()
    const code = await shownCode(ana.page, old)
    const drawn = await sheet.getByRole('img').locator('path').getAttribute('d')
    const { data } = encode(`${server.url}/j/${code}`, { ecc: 'M', border: 0 })
    const dark = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`${x} ${y}`] : [])))
    expect([...(drawn ?? '').matchAll(/M(\d+ \d+)h1v1h-1z/g)].map(([, module]) => module)).toEqual(dark)
    await ben.page.goto(`${server.url}/j/${old}`)
    await ben.page.getByText('No invite has this code.').waitFor()
    await ben.page.goto(`${server.url}/j/${code}`)
    await question(ben.page, 1).waitFor()
  })

  test('lets in by a link for its role until it is taken back', async () => {
    await using ana = await anaInHerForm()
    await using ben = await come('Ben Hart')
    await using cleo = await come('Cleo Marin')
    const panel = await share(ana.page)
    await panel.getByRole('combobox', { name: 'Role', exact: true }).selectOption('commenter')
    await panel.getByRole('combobox', { name: 'A link works for' }).selectOption('a day')
    await panel.getByRole('button', { name: 'Make a link' }).click()
    const link = await panel.getByRole('textbox', { name: /^Link for commenters, until / }).inputValue()
    await ben.page.goto(link)
    await ben.page.getByText('You can read and comment. Ana Kowalska can give you edit rights.').waitFor()
    await panel.getByText(/for 99 people$/).waitFor()
    await panel.getByRole('button', { name: 'Take back Link for commenters' }).click()
    await panel.getByRole('list', { name: 'Open invites' }).waitFor({ state: 'detached' })
    await cleo.page.goto(link)
    await cleo.page.getByText('No invite has this code.').waitFor()
  })

  test('leads whoever may only answer to a page for that', async () => {
    await using ana = await anaInHerForm()
    await using ben = await come('Ben Hart')
    const panel = await share(ana.page)
    await panel.getByRole('combobox', { name: 'Role', exact: true }).selectOption('respondent')
    await panel.getByRole('button', { name: 'Make a link' }).click()
    await ben.page.goto(await panel.getByRole('textbox', { name: /^Link for respondents/ }).inputValue())
    await justDone(ben.page, 'You have joined as a respondent.').waitFor()
    expect(ben.page.url()).toBe(ana.address.replace('/form/', '/respond/'))
    await ben.page.goto(ana.address)
    await ben.page.getByText('You can read and answer. Ana Kowalska can give you edit rights.').waitFor()
    await ben.page.getByRole('link', { name: 'Answer it' }).click()
    await ben.page.waitForURL(/\/respond\//)
  })

  test('says to whoever follows a link twice that they were here already', async () => {
    await using ana = await anaInHerForm()
    await using ben = await come('Ben Hart')
    const panel = await share(ana.page)
    await panel.getByRole('combobox', { name: 'Role', exact: true }).selectOption('reader')
    await panel.getByRole('button', { name: 'Make a link' }).click()
    const link = await panel.getByRole('textbox', { name: /^Link for readers/ }).inputValue()
    await giveRole(ana, 'Ben Hart', 'editor')
    await ben.page.goto(link)
    await justDone(ben.page, 'You were here already, as an editor.').waitFor()
  })

  test('gives another role while the page is open, and it acts there', async () => {
    await using ana = await anaInHerForm()
    await using ben = await withRole(ana, 'Ben Hart', 'editor')
    const panel = await share(ana.page)
    const role = panel.getByRole('combobox', { name: 'Role of Ben Hart' })
    await role.selectOption('reader')
    await justDone(ben.page, 'You are a reader now: you can read.').waitFor()
    await question(ben.page, 1).click()
    await ben.page.keyboard.type('mine')
    expect(await question(ben.page, 1).inputValue()).toBe('Name')
    await role.selectOption('editor')
    await justDone(ben.page, 'You are an editor now: you can change everything.').waitFor()
    await question(ben.page, 1).press('End')
    await ben.page.keyboard.type(' of yours')
    await waitUntil(async () => (await question(ana.page, 1).inputValue()) === 'Name of yours', {
      about: 'what Ben wrote to reach Ana'
    })
  })

  test('shows whoever is removed a screen that says so, and lets them in again by Undo', async () => {
    await using ana = await anaInHerForm()
    await using ben = await withRole(ana, 'Ben Hart', 'editor')
    const panel = await share(ana.page)
    await panel.getByRole('button', { name: 'Remove Ben Hart' }).click()
    await ben.page.getByRole('heading', { name: 'You were removed from this form.' }).waitFor()
    await ben.page.getByText(/closed to you at \d\d:\d\d\. Ana Kowalska can let you in again/).waitFor()
    await panel.getByRole('button', { name: 'Undo removing Ben Hart' }).click()
    await panel.getByRole('combobox', { name: 'Role of Ben Hart' }).waitFor()
    await ben.page.getByRole('button', { name: 'Try again' }).click()
    await question(ben.page, 1).waitFor()
  })

  test('keeps the rows where they are when a role changes', async () => {
    await using ana = await anaInHerForm()
    for (const name of ['Ben Hart', 'Cleo Marin']) await giveRole(ana, name, 'editor')
    const panel = await share(ana.page)
    const rows = panel.getByRole('list', { name: 'Who has access' }).getByRole('listitem')
    const role = panel.getByRole('combobox', { name: 'Role of Ben Hart' })
    await role.focus()
    await role.selectOption('reader')
    await waitUntil(async () => (await role.inputValue()) === 'reader', { about: 'Ben to be a reader' })
    await giveRole(ana, 'Dora Nagy', 'owner')
    await rows.nth(3).waitFor()
    const names = (await rows.allInnerTexts()).map((text) => /^\w+ \w+$/m.exec(text)?.[0])
    expect(names.slice(1)).toEqual(['Ben Hart', 'Cleo Marin', 'Dora Nagy'])
    expect(await role.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test('tells who may not share who can, and offers them nothing that the server would refuse', async () => {
    await using ana = await anaInHerForm()
    await using ben = await withRole(ana, 'Ben Hart', 'editor')
    const panel = await share(ben.page)
    await panel.getByText('Ana Kowalska can give rights.').waitFor()
    expect(await panel.getByRole('combobox').count()).toBe(0)
    expect(await panel.getByRole('button', { name: /^(Make|Show|Remove)/ }).count()).toBe(0)
    expect(await panel.getByRole('textbox', { name: 'To build it together' }).inputValue()).toBe(ana.address)
  })

  test('is done with the keyboard alone, and gives the focus back', async () => {
    await using ana = await anaInHerForm()
    const { keyboard } = ana.page
    const button = ana.page.getByRole('button', { name: 'Share', exact: true })
    await button.press('Enter')
    const heading = dialog(ana.page).getByRole('heading', { name: 'Share this form' })
    await waitUntil(() => heading.evaluate((element) => element === document.activeElement), {
      about: 'the heading to have the focus'
    })
    await dialog(ana.page).getByRole('button', { name: 'Show a code' }).press('Enter')
    await shownCode(ana.page)
    await keyboard.press('Escape')
    await dialog(ana.page).waitFor({ state: 'hidden' })
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
  })

  test.each([
    { colorScheme: 'light', ...desk },
    { colorScheme: 'dark', ...desk },
    { colorScheme: 'light', ...phone },
    { colorScheme: 'dark', ...phone }
  ] as const)('has no fault that axe knows, $colorScheme, $viewport.width px wide', async (look) => {
    await using ana = await anaInHerForm(look)
    await giveRole(ana, 'Ben Hart', 'editor')
    const panel = await share(ana.page)
    await panel.getByRole('combobox', { name: 'Role of Ben Hart' }).waitFor()
    await panel.getByRole('button', { name: 'Make a link' }).click()
    await panel.getByRole('textbox', { name: /^Link for editors/ }).waitFor()
    expect(await faults(ana.page)).toEqual([])
    const spare = () => panel.evaluate((element) => element.clientWidth - element.scrollWidth)
    expect(await spare()).toBe(0)
    await panel.getByRole('button', { name: 'Show a code' }).click()
    await shownCode(ana.page)
    expect(await faults(ana.page)).toEqual([])
    expect(await spare()).toBe(0)
    await ana.page.goto(`${server.url}/j/CCCCCC`)
    await ana.page.getByText('No invite has this code.').waitFor()
    expect(await faults(ana.page)).toEqual([])
  })

  test('asks a guest for the name, then leads where the code leads', async () => {
    await using ana = await visit(browser, guestServer.url, { name: 'Ana Kowalska' })
    const address = await createForm(guestServer.url, ana.token)
    await ana.page.goto(address)
    await writeQuestions(ana.page, 'Name')
    const panel = await share(ana.page)
    await panel.getByRole('textbox', { name: 'To fill it in' }).waitFor()
    await panel.getByRole('combobox', { name: 'Role', exact: true }).selectOption('reader')
    await panel.getByRole('button', { name: 'Show a code' }).click()
    await using ben = await visit(browser, guestServer.url)
    await ben.page.goto(`${guestServer.url}/j/${await shownCode(ana.page)}`)
    await ben.page.getByRole('textbox', { name: 'Your name' }).fill('Ben Hart')
    await ben.page.keyboard.press('Enter')
    await ben.page.getByText('You can read. Ana Kowalska can give you edit rights.').waitFor()
    expect(ben.page.url()).toBe(address)
    await panel.getByText('Ben Hart joined.').waitFor()
  })

  test('answers wrong codes alike, and after some tries says when to go on', async () => {
    await using eve = await visit(browser, guestServer.url, { name: 'Eve Marsh' })
    const { page } = eve
    await page.goto(`${guestServer.url}/j`)
    await typeCode(page, 'CDF')
    await page.getByText('A code has 6 letters and digits.').waitFor()
    for (const code of ['CCCCCC', 'DDDDDD', 'OOOOOO', 'FFFFFF']) {
      const answer = page.waitForResponse('**/api/join')
      await typeCode(page, code)
      expect((await answer).status()).toBe(404)
      await page.getByText('No invite has this code. It may be mistyped').waitFor()
    }
    await typeCode(page, 'GGGGGG')
    await page.getByText('Too many codes were tried from here.').waitFor()
    await page.getByText(/^Try again in \d+ seconds?\.$/).waitFor()
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await typeCode(page, 'HHHHHH')
    // Asked after it, so that it is known by then what was asked before.
    await page.evaluate(() => fetch('/healthz'))
    expect(asked).toEqual(['/healthz'])
  })
})
