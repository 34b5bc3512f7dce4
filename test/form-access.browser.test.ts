import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { faults } from './support/axe.ts'
import { launchBrowser } from './support/chromium.ts'
import {
  buildApps,
  createForm,
  indicated,
  labels,
  question,
  saved,
  visit,
  writeQuestions
} from './support/form-app.ts'
import { missing } from './support/missing.ts'
import { startOwnServer } from './support/own-server.ts'
import type { ServerProcess } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

/** Walks there with the Tab key. */
const tabTo = async (page: Page, target: Locator): Promise<void> => {
  const isThere = () => target.evaluate((element) => element === document.activeElement)
  for (let steps = 0; steps < 80; steps++) {
    if (await isThere()) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`80 Tabs do not lead to ${target}`)
}

describe.skipIf(missing('chromium'))('the form app', () => {
  let server: ServerProcess
  let browser: Browser

  beforeAll(async () => {
    await buildApps()
    server = await startOwnServer()
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  const looks = [
    { colorScheme: 'light', viewport: { width: 1440, height: 900 } },
    { colorScheme: 'dark', viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }
  ] as const

  test.concurrent.each(looks)(
    'has no fault that axe knows, $colorScheme, $viewport.width px wide',
    async (look) => {
      await using stranger = await visit(browser, server.url, look)
      await stranger.page.goto(server.url)
      await stranger.page.getByRole('textbox', { name: 'Your name' }).waitFor()
      expect(await faults(stranger.page)).toEqual([])

      await using ana = await visit(browser, server.url, { ...look, name: 'Ana Kowalska' })
      const { page } = ana
      const address = await createForm(server.url, ana.token)
      await page.goto(server.url)
      await page
        .getByRole('link', { name: /Untitled form/ })
        .first()
        .waitFor()
      expect(await faults(page)).toEqual([])
      await page.goto(address)
      await page.getByRole('textbox', { name: 'Questions, one per line' }).waitFor()
      expect(await faults(page)).toEqual([])
      await writeQuestions(page, 'Name', 'Days', 'Anything else?')
      await page.getByRole('button', { name: 'Add a section' }).click()
      await question(page, 2).click()
      await page.getByRole('combobox', { name: 'Type of question 2' }).selectOption({ label: 'Choices' })
      expect(await faults(page)).toEqual([])
      await ana.disconnect()
      await question(page, 1).fill('Full name')
      await page.getByText('You are offline.').waitFor()
      expect(await faults(page)).toEqual([])
      await ana.reconnect()
      await page.goto(`${address}/fill`)
      await page.getByRole('group', { name: /^Days/ }).waitFor()
      expect(await faults(page)).toEqual([])
      await page.goto(`${server.url}/nowhere`)
      await page.getByText('There is nothing at this address.').waitFor()
      expect(await faults(page)).toEqual([])
    },
    90_000
  )

  test('can be used from the name to the last answer with the keyboard alone', async () => {
    await using visitor = await visit(browser, server.url)
    const { page } = visitor
    const { keyboard } = page
    await page.goto(server.url)
    await tabTo(page, page.getByRole('textbox', { name: 'Your name' }))
    await keyboard.type('Ana Kowalska')
    await keyboard.press('Enter')
    await page.getByRole('button', { name: 'Create a form' }).waitFor()
    await tabTo(page, page.getByRole('button', { name: 'Create a form' }))
    await keyboard.press('Enter')
    await page.getByRole('textbox', { name: 'Questions, one per line' }).waitFor()
    await tabTo(page, page.getByRole('textbox', { name: 'Questions, one per line' }))
    await keyboard.type('Name\nDays')
    await tabTo(page, page.getByRole('button', { name: 'Make 2 questions' }))
    await keyboard.press('Enter')
    await question(page, 2).waitFor()
    await tabTo(page, question(page, 2))
    await tabTo(page, page.getByRole('combobox', { name: 'Type of question 2' }))
    await keyboard.type('Choices')
    await tabTo(page, page.getByRole('textbox', { name: 'Choice 1' }))
    await keyboard.type('Friday')
    await keyboard.press('Enter')
    await keyboard.type('Saturday')
    await keyboard.press('Alt+ArrowUp')
    await tabTo(page, page.getByRole('button', { name: 'Move question 2', exact: true }))
    await keyboard.press('Enter')
    const up = page.getByRole('menuitem', { name: 'Up' })
    await up.waitFor()
    await waitUntil(() => up.evaluate((item) => item === document.activeElement), {
      about: 'Up to have the focus'
    })
    await keyboard.press('Enter')
    await waitUntil(async () => String(await labels(page)) === 'Days,Name', { about: 'Days before Name' })
    await tabTo(page, page.getByRole('link', { name: 'Fill', exact: true }))
    await keyboard.press('Enter')
    await page.getByRole('radio', { name: 'Saturday' }).waitFor()
    await tabTo(page, page.getByRole('radio', { name: 'Saturday' }))
    await keyboard.press('Space')
    await tabTo(page, page.getByRole('textbox', { name: 'Name' }))
    await keyboard.type('Noor')
    await waitUntil(async () => saved.test(await indicated(page)), { about: 'the indicator to say Saved' })
    expect(await page.getByRole('radio', { name: 'Saturday' }).isChecked()).toBe(true)
    expect(visitor.errors).toEqual([])
  }, 60_000)

  const dist = join(import.meta.dirname, '../client/apps/dist')
  /** The bytes that these scripts take on the way. */
  const weigh = (paths: readonly string[]): number =>
    paths.reduce((sum, path) => sum + gzipSync(readFileSync(join(dist, path))).length, 0)

  test('waits for 180 kB of scripts at most, compressed, before a form can be built', () => {
    const html = readFileSync(join(dist, 'index.html'), 'utf8')
    const waitedFor = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, path = '']) => path)
    expect(waitedFor).not.toEqual([])
    expect(weigh(waitedFor)).toBeLessThanOrEqual(180_000)
  })

  test('weighs 240 kB at most, compressed, with everything that it fetches later', () => {
    const all = readdirSync(join(dist, 'assets')).filter((name) => name.endsWith('.js'))
    expect(all).not.toEqual([])
    expect(weigh(all.map((name) => `assets/${name}`))).toBeLessThanOrEqual(240_000)
  })

  const shareButton = (page: Page): Locator => page.getByRole('button', { name: 'Share', exact: true })
  const shareHeading = (page: Page): Locator => page.getByRole('heading', { name: 'Share this form' })

  test('fetches while nothing else is to do what is opened later, so that it opens without a connection', async () => {
    await using ana = await visit(browser, server.url, { name: 'Ana Kowalska' })
    const { page } = ana
    await page.goto(await createForm(server.url, ana.token))
    await writeQuestions(page, 'Name')
    const fetched = () =>
      page.evaluate(() =>
        performance
          .getEntriesByType('resource')
          .map(({ name }) => name)
          .join(' ')
      )
    for (const part of ['share-content', 'threads', 'filler', 'responses', 'dragging'])
      await waitUntil(async () => (await fetched()).includes(`/assets/${part}-`), {
        about: `${part} to be here`
      })
    await page.waitForLoadState('networkidle')
    await page.route('**/assets/*', (route) => route.abort())
    await ana.disconnect()
    await shareButton(page).click()
    await shareHeading(page).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('link', { name: 'Fill', exact: true }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('Ana')
    expect(ana.errors).toEqual([])
  })

  test('goes on when a part of it cannot be fetched, and brings it when asked again', async () => {
    await using ana = await visit(browser, server.url, { name: 'Ana Kowalska' })
    const { page } = ana
    const missing = '**/assets/share-content-*'
    await page.route(missing, (route) => route.abort())
    await page.goto(await createForm(server.url, ana.token))
    await writeQuestions(page, 'Name')
    await shareButton(page).click()
    await page.getByText('This part of the page could not be fetched.').waitFor()
    expect(await faults(page)).toEqual([])
    await question(page, 1).fill('Full name')
    await waitUntil(async () => saved.test(await indicated(page)), { about: 'the indicator to say Saved' })
    await page.unroute(missing)
    await shareButton(page).click()
    await page.getByRole('button', { name: 'Try again' }).click()
    const isOpen = async () => {
      if (await shareHeading(page).isVisible()) return true
      // The page was opened anew: the dialog is closed.
      if (!(await page.getByRole('button', { name: 'Try again' }).isVisible()))
        await shareButton(page).click()
      return false
    }
    await waitUntil(isOpen, { about: 'the dialog' })
    expect(await labels(page)).toEqual(['Full name'])
  })

  test.each([320, 390, 768, 1024])('fits a screen of %d px without scrolling sideways', async (width) => {
    await using ana = await visit(browser, server.url, {
      name: 'Ana Kowalska',
      viewport: { width, height: 800 }
    })
    const address = await createForm(server.url, ana.token)
    await ana.page.goto(address)
    await writeQuestions(
      ana.page,
      'Where would you like to work, and which evenings are out of the question?'
    )
    await question(ana.page, 1).click()
    const spare = () => ana.page.evaluate(() => innerWidth - document.documentElement.scrollWidth)
    expect(await spare()).toBeGreaterThanOrEqual(0)
    await ana.page.goto(`${address}/fill`)
    await ana.page.getByRole('textbox', { name: /^Where would you like/ }).waitFor()
    expect(await spare()).toBeGreaterThanOrEqual(0)
  })

  test('gives the focus back to the button of a menu that is closed with Escape', async () => {
    await using ana = await visit(browser, server.url, { name: 'Ana Kowalska' })
    await ana.page.goto(await createForm(server.url, ana.token))
    await writeQuestions(ana.page, 'One', 'Two')
    await question(ana.page, 2).click()
    const button = ana.page.getByRole('button', { name: 'Move question 2', exact: true })
    await button.press('Enter')
    await ana.page.getByRole('menuitem', { name: 'Up' }).waitFor()
    await ana.page.keyboard.press('Escape')
    expect(await button.evaluate((element) => element === document.activeElement)).toBe(true)
  })
})
