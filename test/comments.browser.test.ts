import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faults } from './support/axe.ts'
import { launchBrowser } from './support/chromium.ts'
import { buildApps, createForm, question, type Visitor, visit, writeQuestions } from './support/form-app.ts'
import { missing } from './support/missing.ts'
import { startOwnServer } from './support/own-server.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const marker = (page: Page, number: number): Locator =>
  page.getByRole('button', {
    name: new RegExp(
      `omments? .*on question ${number}$|^Comment on question ${number}$|comments? on question ${number}$`
    )
  })
const thread = (page: Page, number: number): Locator =>
  page.getByRole('region', { name: new RegExp(`^Comments on question ${number},`) })
const reply = (page: Page, number: number): Locator =>
  page.getByRole('textbox', { name: new RegExp(`^Reply to the comments on question ${number},`) })

/** Begins a thread on a question. */
const comment = async (page: Page, number: number, text: string): Promise<void> => {
  await marker(page, number).click()
  await page.getByRole('textbox', { name: new RegExp(`^Comment on question ${number},`) }).fill(text)
  await page.keyboard.press('Enter')
  await thread(page, number).getByText(text).waitFor()
}

const hasFocus = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === document.activeElement)

describe.skipIf(missing('chromium'))('comments on a form', () => {
  let server: ServerProcess
  let browser: Browser
  let mara: Visitor
  let ben: Visitor
  let address: string

  beforeAll(async () => {
    await buildApps()
    server = await startOwnServer({ AUTH_SECRET: authSecret })
    browser = await launchBrowser()
    mara = await enter('mara', 'Mara Keane', 'owner')
    ben = await enter('ben', 'Ben Hart', 'commenter')
    address = await createForm(server.url, mara.token)
    await mara.page.goto(address)
    await writeQuestions(mara.page, 'Full name', 'Which days can you help?', 'Earliest start', 'Tent', 'Food')
    await ben.page.goto(address)
    await question(ben.page, 5).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** Somebody whose token gives them this role in every form. */
  const enter = async (sub: string, name: string, role: string, look: object = {}): Promise<Visitor> => {
    const grants = [{ room: 'form/*', role }]
    const token = await signToken({ sub, name, grants, exp: seconds() + 600 })
    return visit(browser, server.url, { token, ...look })
  }

  test('are begun by who may not write in the form, and answered', async () => {
    await ben.page.getByText('You can read and comment.').waitFor()
    await comment(ben.page, 2, 'Will Friday do?')
    await thread(mara.page, 2).getByText('Will Friday do?').waitFor()
    await mara.page.getByRole('button', { name: '1 comment, 1 unread, on question 2' }).click()
    await mara.page.getByRole('button', { name: '1 comment on question 2' }).waitFor()
    expect(await hasFocus(thread(mara.page, 2))).toBe(true)
    await reply(mara.page, 2).fill('Only for the set-up')
    await mara.page.keyboard.press('Enter')
    await thread(ben.page, 2).getByText('Only for the set-up').waitFor()
    expect(await thread(ben.page, 2).getByText('Mara Keane').count()).toBe(1)
  })

  test('name somebody whom an @ offers', async () => {
    await reply(mara.page, 2).pressSequentially('Thanks, @be')
    await mara.page.getByRole('option', { name: 'Ben Hart' }).waitFor()
    await mara.page.keyboard.press('Enter')
    await mara.page.keyboard.type('for asking')
    await mara.page.keyboard.press('Enter')
    const said = thread(ben.page, 2).getByRole('listitem').filter({ hasText: 'Thanks, @Ben for asking' })
    await said.locator('b', { hasText: '@Ben' }).waitFor()
  })

  test('show that somebody is writing', async () => {
    await reply(mara.page, 2).pressSequentially('So')
    await ben.page.getByPlaceholder('Mara is writing…').waitFor()
    await reply(mara.page, 2).fill('')
    await question(mara.page, 1).click()
    await ben.page.getByPlaceholder('Mara is writing…').waitFor({ state: 'detached' })
  })

  test('take a reaction from each, with their names', async () => {
    await thread(ben.page, 2).getByRole('button', { name: 'React to Mara Keane' }).first().click()
    await ben.page.getByRole('button', { name: 'Heart', exact: true }).click()
    await thread(mara.page, 2).getByRole('button', { name: 'Heart: Ben' }).click()
    await thread(ben.page, 2).getByRole('button', { name: 'Heart: You, Mara' }).click()
    await thread(mara.page, 2).getByRole('button', { name: 'Heart: You', exact: true }).waitFor()
  })

  test('are changed and removed by who wrote them, for all', async () => {
    await comment(ben.page, 3, 'Too erly')
    await thread(ben.page, 3).getByRole('button', { name: 'Edit your comment' }).click()
    await ben.page.getByRole('textbox', { name: 'Your comment' }).fill('Too early')
    await ben.page.keyboard.press('Enter')
    await thread(mara.page, 3).getByText('Too early').waitFor()
    await thread(mara.page, 3)
      .getByText(/, edited$/)
      .waitFor()
    expect(await thread(mara.page, 3).getByRole('button', { name: /^Edit/ }).count()).toBe(0)
    await thread(ben.page, 3).getByRole('button', { name: 'Remove your comment' }).click()
    await thread(mara.page, 3).waitFor({ state: 'detached' })
    await ben.page.getByRole('button', { name: 'Undo' }).click()
    await thread(mara.page, 3).getByText('Too early').waitFor()
  })

  test('are resolved and reopened; whoever writes in them goes on where they are', async () => {
    await reply(ben.page, 3).fill('Nine would be')
    const before = await reply(ben.page, 3).boundingBox()
    await thread(mara.page, 3)
      .getByRole('button', { name: /^Resolve/ })
      .click()
    await thread(ben.page, 3).getByText('resolved by Mara Keane').waitFor()
    await question(mara.page, 1).click()
    await mara.page.getByText('1 resolved').click()
    await mara.page.getByRole('button', { name: /^Reopen/ }).click()
    await thread(ben.page, 3).getByText('resolved by').waitFor({ state: 'detached' })
    expect(await reply(ben.page, 3).inputValue()).toBe('Nine would be')
    expect(await hasFocus(reply(ben.page, 3))).toBe(true)
    expect(await reply(ben.page, 3).boundingBox()).toEqual(before)
  })

  test('do not move who writes one when another comes above', async () => {
    const before = await reply(ben.page, 3).boundingBox()
    await comment(mara.page, 1, 'First and last?')
    await thread(ben.page, 1).waitFor()
    expect(await hasFocus(reply(ben.page, 3))).toBe(true)
    expect((await reply(ben.page, 3).boundingBox())?.y).toBeCloseTo(before?.y ?? Number.NaN, 0)
  })

  test('stay when the form is undone', async () => {
    await question(mara.page, 4).fill('Tents')
    await comment(mara.page, 4, 'Or marquees?')
    await question(mara.page, 4).press('Control+z')
    await waitUntil(async () => (await question(mara.page, 4).inputValue()) === 'Tent', { about: 'Tent' })
    expect(await thread(mara.page, 4).getByText('Or marquees?').count()).toBe(1)
  })

  test('say that their question was removed', async () => {
    await question(mara.page, 4).click()
    await mara.page.getByRole('button', { name: 'Remove question 4' }).click()
    const orphan = ben.page.getByRole('region', { name: 'Comments on a removed question' })
    await orphan.getByText('Or marquees?').waitFor()
  })

  test('are read by a reader, who cannot add to them', async () => {
    await using rita = await enter('rita', 'Rita Vogel', 'reader')
    await rita.page.goto(address)
    await thread(rita.page, 2).getByText('Will Friday do?').waitFor()
    expect(await rita.page.getByRole('textbox', { name: /^(Reply|Comment)/ }).count()).toBe(0)
    const acts = /^(Comment on|React|Resolve|Remove|Edit)/
    expect(await rita.page.getByRole('button', { name: acts }).count()).toBe(0)
    await rita.page.goto(await createForm(server.url, mara.token))
    await rita.page.getByText('Comments on questions appear here.').waitFor()
    expect(rita.errors).toEqual([])
  })

  test('are no business of a respondent', async () => {
    await using rob = await enter('rob', 'Rob Anders', 'respondent')
    await rob.page.goto(address)
    await question(rob.page, 1).waitFor()
    expect(await rob.page.getByRole('complementary', { name: 'Comments' }).count()).toBe(0)
    expect(await rob.page.getByRole('button', { name: /omment/ }).count()).toBe(0)
    expect(rob.errors).toEqual([])
  })

  test('come up in a sheet on a phone', async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
    await using petra = await enter('petra', 'Petra Novak', 'commenter', phone)
    const { page } = petra
    await page.goto(address)
    await page.getByRole('button', { name: 'Comment on question 4' }).tap()
    await page.getByRole('textbox', { name: /^Comment on question 4,/ }).fill('Vegan too?')
    await page.getByRole('button', { name: 'Comment', exact: true }).tap()
    await thread(mara.page, 4).getByText('Vegan too?').waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await faults(page)).toEqual([])
    }
    await page.getByRole('button', { name: 'Close the comments' }).tap()
    await thread(page, 4).waitFor({ state: 'hidden' })
  })

  test.each(['light', 'dark'] as const)('have no fault that axe knows, %s', async (colorScheme) => {
    await mara.page.emulateMedia({ colorScheme })
    await marker(mara.page, 5).waitFor({ state: 'detached' })
    expect(await faults(mara.page)).toEqual([])
    expect([...mara.errors, ...ben.errors]).toEqual([])
  })
})
