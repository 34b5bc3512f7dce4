import type { Browser, Locator, Page } from 'playwright-core'
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
import { waitUntil } from './support/wait-until.ts'

const row = (page: Page, number: number): Locator =>
  page.getByRole('group', { name: new RegExp(`^Question ${number},`) })
const chip = (page: Page): Locator => page.getByRole('button', { name: /: “not before” of question 2$/ })
const notBefore = (page: Page): Locator => page.getByLabel('Question 2: not before')

/** Sets the earliest time of question 2, which is asked for a time. */
const setNotBefore = async (page: Page, time: string): Promise<void> => {
  await question(page, 2).click()
  await notBefore(page).fill(time)
  await notBefore(page).press('Enter')
}

const hasFocus = (target: Locator): Promise<boolean> =>
  target.evaluate((element) => element === document.activeElement)

/** What must not change on a page because of somebody else: where the focus is, and how far it is scrolled. */
const placeOf = (page: Page) =>
  page.evaluate(() => ({ focus: document.activeElement?.outerHTML.slice(0, 200), scrollY }))

/** Writes down all that the page says aloud from now on: what is said next takes the place of what was said before. */
const listenTo = (page: Page) =>
  page.evaluateHandle(() => {
    const said: string[] = []
    const listen = () => {
      for (const region of document.querySelectorAll('[role=status]')) said.push(region.textContent ?? '')
    }
    new MutationObserver(listen).observe(document.body, {
      subtree: true,
      childList: true,
      characterData: true
    })
    return said
  })

describe.skipIf(missing('chromium'))('a value that two people set without knowing of each other', () => {
  let server: ServerProcess
  let browser: Browser
  let ana: Visitor
  let ben: Visitor

  beforeAll(async () => {
    await buildApps()
    server = await startOwnServer()
    browser = await launchBrowser()
    ana = await visit(browser, server.url, { name: 'Ana Kowalska' })
    ben = await visit(browser, server.url, { name: 'Ben Hart' })
    const address = await createForm(server.url, ana.token)
    await ana.page.goto(address)
    await writeQuestions(ana.page, 'Name', 'Earliest start', ...'ABCDEFGHIJKL')
    await question(ana.page, 2).click()
    await ana.page.getByRole('combobox', { name: 'Type of question 2' }).selectOption({ label: 'Time' })
    await ben.page.goto(address)
    await question(ben.page, 2).click()
    await notBefore(ben.page).waitFor()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** Ben, who is offline, sets one time, and Ana another: both see hers, and that it waits for a choice. */
  const disagree = async (hers: string, his: string): Promise<void> => {
    await question(ben.page, 2).click()
    await ben.disconnect()
    await setNotBefore(ben.page, his)
    await waitUntil(async () => /^Offline · 1/.test(await indicated(ben.page)), { about: 'Offline · 1' })
    await setNotBefore(ana.page, hers)
    await waitUntil(async () => saved.test(await indicated(ana.page)), { about: 'Saved' })
    await ben.reconnect()
    for (const { page } of [ana, ben])
      await chip(page)
        .and(page.getByText(`${hers} or ${his}`))
        .waitFor({ timeout: 20_000 })
  }

  test('is shown to both with both values, who set them and when', async () => {
    await disagree('08:00', '07:30')
    for (const { page } of [ana, ben]) {
      expect(await notBefore(page).inputValue()).toBe('08:00')
      await page.getByRole('link', { name: /Earliest start.*several values to choose from/ }).waitFor()
    }
    await chip(ana.page).click()
    const picker = ana.page.getByRole('group', { name: /^Values to choose from/ })
    await picker.getByText('Two people set this at the same time.').waitFor()
    const shown = picker.locator('label', { hasText: 'shown now, set last' })
    expect(await shown.getByRole('radio', { name: /^08:00/ }).isChecked()).toBe(true)
    await shown.getByText(/You, \d\d:\d\d$/).waitFor()
    await picker.getByText(/Ben Hart, \d\d:\d\d$/).waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await ana.page.emulateMedia({ colorScheme })
      expect(await faults(ana.page)).toEqual([])
    }
    await ana.page.getByRole('button', { name: 'Decide later' }).click()
    expect(await hasFocus(chip(ana.page))).toBe(true)
  })

  test('is settled for both when one of them chooses, and moves nobody', async () => {
    await disagree('09:00', '09:30')
    await question(ben.page, 9).click()
    await ben.page.evaluate(() => scrollBy({ top: 120, behavior: 'instant' }))
    const before = await placeOf(ben.page)
    const seen = await question(ben.page, 9).boundingBox()
    await chip(ana.page).click()
    await ana.page.getByRole('radio', { name: /^09:30/ }).check()
    await ana.page.getByRole('button', { name: 'Keep 09:30' }).click()
    for (const { page } of [ana, ben]) await chip(page).waitFor({ state: 'detached' })
    await row(ben.page, 2).getByText('not before 09:30').waitFor()
    expect(await notBefore(ana.page).inputValue()).toBe('09:30')
    expect(await placeOf(ben.page)).toEqual(before)
    expect(await question(ben.page, 9).boundingBox()).toEqual(seen)
  })

  test('closes the choice that somebody left open, and their row stays where it is', async () => {
    await disagree('12:00', '12:30')
    await chip(ben.page).click()
    await ben.page.getByRole('button', { name: 'Decide later' }).waitFor()
    await question(ben.page, 9).click()
    await ben.page.evaluate(() => scrollBy({ top: 120, behavior: 'instant' }))
    const seen = await question(ben.page, 9).boundingBox()
    await chip(ana.page).click()
    await ana.page.getByRole('button', { name: 'Keep 12:00' }).click()
    await chip(ben.page).waitFor({ state: 'detached' })
    expect(await ben.page.getByRole('button', { name: 'Decide later' }).count()).toBe(0)
    expect(await hasFocus(question(ben.page, 9))).toBe(true)
    expect((await question(ben.page, 9).boundingBox())?.y).toBeCloseTo(seen?.y ?? Number.NaN, 0)
  })

  test('can be chosen with the keyboard alone; Escape leaves it undecided', async () => {
    await disagree('10:00', '10:30')
    const { page } = ana
    const shown = page.getByRole('radio', { name: /^10:00/ })
    await chip(page).press('Enter')
    await waitUntil(() => hasFocus(shown), { about: 'the shown value to have the focus' })
    await page.keyboard.press('Escape')
    expect(await hasFocus(chip(page))).toBe(true)
    expect(await shown.count()).toBe(0)
    await page.keyboard.press('Enter')
    await shown.waitFor()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Tab')
    expect(await hasFocus(page.getByRole('button', { name: 'Keep 10:30' }))).toBe(true)
    await page.keyboard.press('Enter')
    await chip(page).waitFor({ state: 'detached' })
    expect(await notBefore(page).inputValue()).toBe('10:30')
    expect(await hasFocus(notBefore(page))).toBe(true)
  })

  test('gives the focus of who was about to choose to the field, and says who chose', async () => {
    await disagree('11:00', '11:30')
    await chip(ben.page).click()
    await ben.page.getByRole('radio', { name: /^11:30/ }).check()
    const { scrollY } = await placeOf(ben.page)
    const heard = await listenTo(ben.page)
    await chip(ana.page).click()
    await ana.page.getByRole('button', { name: 'Keep 11:00' }).click()
    await waitUntil(
      () => heard.evaluate((said) => said.some((words) => /Ana Kowalska chose 11:00/.test(words))),
      {
        about: 'who chose, said aloud'
      }
    )
    await waitUntil(() => hasFocus(notBefore(ben.page)), { about: 'the focus in the field' })
    expect((await placeOf(ben.page)).scrollY).toBe(scrollY)
    expect([...ana.errors, ...ben.errors]).toEqual([])
  })
})
