/**
 * Takes pictures of the form app at work: three people in one form, on a server of its own.
 *
 *     node test/screenshots.ts [folder]     docs/screenshots unless said otherwise
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
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
import { startServer } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

const folder = process.argv[2] ?? join(import.meta.dirname, '../docs/screenshots')
const desktop = { viewport: { width: 1440, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

const questions = [
  'Full name',
  'Mobile number',
  'Which days can you help?',
  'Earliest start',
  'Where would you like to work?',
  'Do you hold a food hygiene certificate?',
  'Anything we should know?'
]

const build = async (page: Page): Promise<void> => {
  await writeQuestions(page, ...questions)
  await page.getByRole('textbox', { name: 'Title of the form' }).pressSequentially('Volunteer sign-up')
  await page
    .getByRole('textbox', { name: 'Introduction' })
    .fill(
      'Riverside Food Festival, 14 to 16 May 2027. Takes about three minutes. We answer everybody by 1 March.'
    )
  for (const [title, count] of [
    ['About you', 2],
    ['Your shifts', 3],
    ['On the day', 2]
  ] as const) {
    await addSection(page, title, count)
  }
  await detail(page, 1, { required: true })
  await detail(page, 2, {
    type: 'Phone number',
    required: true,
    help: 'We only use it on the day of your shift.'
  })
  await detail(page, 3, {
    type: 'Choices',
    required: true,
    several: true,
    choices: ['Friday 14 May, set-up', 'Saturday 15 May', 'Sunday 16 May, until the last tent is down']
  })
  await detail(page, 4, { type: 'Time', required: true, help: 'Gates open to the public at 10:00.' })
  await detail(page, 5, {
    type: 'Choices',
    several: true,
    help: 'Pick up to two. We try, but cannot promise.',
    choices: ['Gate and tickets', 'Kitchen support', 'Stage crew', 'Waste and water']
  })
  await detail(page, 6, { type: 'Yes or no' })
  await detail(page, 7, {
    type: 'Long text',
    help: 'Allergies, languages, things you never want to do again.'
  })
}

/** A section at the end, with the first of the questions that are in none yet. */
const addSection = async (page: Page, title: string, count: number): Promise<void> => {
  await page.getByRole('button', { name: 'Add a section' }).click()
  await page.keyboard.type(title)
  for (let moved = 0; moved < count; moved++) {
    await question(page, 1).click()
    await page.getByRole('button', { name: 'Move question 1', exact: true }).click()
    await page.getByRole('menuitem', { name: `To “${title}”` }).click()
  }
}

interface Detail {
  readonly type?: string
  readonly required?: boolean
  readonly several?: boolean
  readonly help?: string
  readonly choices?: readonly string[]
}

const detail = async (
  page: Page,
  number: number,
  { type, required, several, help, choices }: Detail
): Promise<void> => {
  const row = page.getByRole('group', { name: new RegExp(`^Question ${number},`) })
  await question(page, number).click()
  if (type) await row.getByRole('combobox').selectOption({ label: type })
  if (required) await row.getByRole('checkbox', { name: 'Required' }).check()
  if (several) await row.getByRole('checkbox', { name: 'Several answers' }).check()
  if (help) await row.getByRole('textbox', { name: `Help for question ${number}` }).fill(help)
  if (!choices) return
  await row.getByRole('textbox', { name: 'Choice 1' }).click()
  await page.keyboard.type(choices[0] ?? '')
  for (const choice of choices.slice(1)) {
    await page.keyboard.press('Enter')
    await page.keyboard.type(choice)
  }
}

const says = (page: Page, words: RegExp) =>
  waitUntil(async () => words.test(await indicated(page)), {
    about: `the indicator to say ${words}`,
    timeoutMs: 20_000
  })

const main = async (): Promise<void> => {
  await buildApps()
  mkdirSync(folder, { recursive: true })
  const dataDir = mkdtempSync(join(tmpdir(), 'roomlog-data-'))
  await using server = await startServer({ dataDir })
  const browser = await launchBrowser()
  const mara = await visit(browser, server.url, { name: 'Mara Keane', ...desktop })
  const ben = await visit(browser, server.url, { name: 'Ben Hart', ...desktop })
  const petra = await visit(browser, server.url, { name: 'Petra Novak', ...phone })
  const address = await createForm(server.url, mara.token)
  await mara.page.goto(address)
  await build(mara.page)
  await ben.page.goto(address)
  await petra.page.goto(`${address}/fill`)
  await fill(petra.page)
  await question(ben.page, 5).press('End')
  await shoot({ mara, ben, petra, address })
  await browser.close()
  rmSync(dataDir, { recursive: true, force: true })
}

const fill = async (page: Page): Promise<void> => {
  await page.getByRole('textbox', { name: 'Full name' }).pressSequentially('Noor Haddad')
  await page.getByRole('textbox', { name: 'Mobile number' }).pressSequentially('0151 2')
  await page.getByRole('checkbox', { name: 'Saturday 15 May' }).check()
  await page.getByRole('checkbox', { name: /^Sunday/ }).check()
  await page.getByLabel('Earliest start').fill('09:00')
}

interface Cast {
  readonly mara: Visitor
  readonly ben: Visitor
  readonly petra: Visitor
  readonly address: string
}

/** Every picture by its name: it is taken when the state that it shows is there. */
const shoot = async ({ mara, ben, petra, address }: Cast): Promise<void> => {
  const take = async (page: Page, name: string, colorScheme: 'light' | 'dark'): Promise<void> => {
    await page.emulateMedia({ colorScheme })
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: join(folder, `form-${name}-${colorScheme}.png`), animations: 'disabled' })
  }
  await question(mara.page, 3).click()
  await ben.page.keyboard.type('?')
  await ben.page.keyboard.press('Backspace')
  await says(mara.page, saved)
  await take(mara.page, 'build-desktop', 'light')
  await take(mara.page, 'build-desktop', 'dark')
  await take(petra.page, 'fill-phone', 'light')
  await petra.page.goto(address)
  await question(petra.page, 3).waitFor()
  await says(petra.page, saved)
  await take(petra.page, 'build-phone', 'dark')
  await petra.disconnect()
  await question(petra.page, 1).press('End')
  await petra.page.keyboard.type(', as on your card')
  await petra.page.getByText('You are offline.').waitFor()
  await take(petra.page, 'offline-phone', 'light')
  await petra.reconnect()
  await disagree(mara.page, ben)
  await take(mara.page, 'conflict-desktop', 'light')
  await mara.page.getByRole('button', { name: 'Share', exact: true }).click()
  await mara.page.getByRole('button', { name: 'Show a code' }).click()
  await mara.page.getByText('Works for one person').waitFor()
  await take(mara.page, 'share-desktop', 'dark')
}

/** Two people set the earliest time while one of them is offline, and one looks at what there is to choose. */
const disagree = async (page: Page, other: Visitor): Promise<void> => {
  const setNotBefore = async (of: Page, time: string): Promise<void> => {
    await question(of, 4).click()
    const field = of.getByLabel('Question 4: not before')
    await field.fill(time)
    await field.press('Enter')
  }
  await question(other.page, 4).click()
  await other.disconnect()
  await setNotBefore(other.page, '07:30')
  await setNotBefore(page, '08:00')
  await says(page, saved)
  await other.reconnect()
  const chip = page.getByRole('button', { name: /: “not before” of question 4$/ })
  await chip.click()
  await page.getByRole('button', { name: /^Keep / }).waitFor()
}

await main()
