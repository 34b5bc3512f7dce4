import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from './support/chromium.ts'
import {
  buildApps,
  createForm,
  indicated,
  labels,
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

describe.skipIf(missing('chromium'))('a form that two people build', () => {
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
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** A form of these questions that both have open. */
  const openTogether = async (...questions: string[]): Promise<string> => {
    const address = await createForm(server.url, ana.token)
    await ana.page.goto(address)
    await writeQuestions(ana.page, ...questions)
    await ben.page.goto(address)
    await question(ben.page, questions.length).waitFor()
    return address
  }

  const bothSee = (about: string, condition: (page: Page) => Promise<boolean>) =>
    waitUntil(async () => (await condition(ana.page)) && (await condition(ben.page)), { about })

  const bothRead = (expected: readonly string[]) =>
    bothSee(
      `both to read ${expected.join(' · ')}`,
      async (page) => String(await labels(page)) === String(expected)
    )

  test('keeps every character of two who type into one question at once', async () => {
    await openTogether('The cake arrives at 5')
    await question(ana.page, 1).press('End')
    await question(ben.page, 1).press('Home')
    for (let index = 0; index < 12; index++) {
      await Promise.all([ana.page.keyboard.type('x'), ben.page.keyboard.type('y')])
    }
    await bothRead([`${'y'.repeat(12)}The cake arrives at 5${'x'.repeat(12)}`])
  })

  test('shows each of them where the other one writes', async () => {
    await openTogether('Full name', 'Mobile number')
    await question(ben.page, 2).click()
    const row = ana.page.getByRole('group', { name: 'Question 2, Mobile number' })
    await row.getByText('Ben Hart', { exact: true }).waitFor()
    await ana.page.getByRole('button', { name: /^Ben Hart, editing question 2/ }).waitFor()
  })

  test('counts each question once when both move one at the same moment', async () => {
    await openTogether('One', 'Two', 'Three', 'Four')
    await Promise.all([
      question(ana.page, 1).press('Alt+ArrowDown'),
      question(ben.page, 4).press('Alt+ArrowUp')
    ])
    await bothSee('four questions in one order', async (page) => {
      const [mine, theirs] = [await labels(page), await labels(ana.page)]
      return mine.length === 4 && new Set(mine).size === 4 && String(mine) === String(theirs)
    })
  })

  test('is reordered by dragging, for both', async () => {
    await openTogether('One', 'Two', 'Three')
    const { page } = ana
    const handle = page.getByRole('group', { name: 'Question 1, One' }).locator('[data-handle]')
    await handle.hover()
    await page.mouse.down()
    const target = await page.getByRole('group', { name: 'Question 3, Three' }).boundingBox()
    if (target === null) throw new Error('question 3 is not in sight')
    const [x, y] = [target.x + 60, target.y + target.height - 6]
    await page.mouse.move(x, y - 30, { steps: 5 })
    await page.mouse.move(x, y, { steps: 5 })
    await page.mouse.up()
    await bothRead(['Two', 'Three', 'One'])
  })

  test('is reordered by keys, and the cursor stays in the question that moves', async () => {
    await openTogether('One', 'Two', 'Three')
    await question(ana.page, 3).press('Alt+ArrowUp')
    await ana.page.keyboard.press('Alt+ArrowUp')
    await ana.page.keyboard.type('!')
    await bothRead(['Three!', 'One', 'Two'])
  })

  test('keeps the cursor of whoever writes in a question that somebody else moves', async () => {
    await openTogether('One', 'Two', 'Three')
    await question(ben.page, 1).press('End')
    await question(ana.page, 3).press('Alt+ArrowUp')
    await ana.page.keyboard.press('Alt+ArrowUp')
    await bothRead(['Three', 'One', 'Two'])
    await ben.page.keyboard.type(' and only')
    await bothRead(['Three', 'One and only', 'Two'])
  })

  test('does not move what somebody looks at when a question is added above it', async () => {
    await openTogether('One', 'Two', 'Three')
    await question(ben.page, 3).click()
    const before = await question(ben.page, 3).boundingBox()
    await question(ana.page, 1).press('Enter')
    await ana.page.keyboard.type('One and a half')
    await bothRead(['One', 'One and a half', 'Two', 'Three'])
    expect((await question(ben.page, 4).boundingBox())?.y).toBeCloseTo(before?.y ?? Number.NaN, 0)
  })

  test('takes a question away and brings it back with Undo', async () => {
    await openTogether('One', 'Two')
    await question(ana.page, 1).click()
    await ana.page.getByRole('button', { name: 'Remove question 1' }).click()
    await bothRead(['Two'])
    await ana.page.getByRole('button', { name: 'Undo' }).last().click()
    await bothRead(['One', 'Two'])
  })

  test('keeps the text of a question that is removed while somebody writes in it', async () => {
    await openTogether('One', 'Two')
    await question(ben.page, 1).press('End')
    await ben.page.keyboard.type(' of mine')
    await bothRead(['One of mine', 'Two'])
    await question(ana.page, 1).click()
    await ana.page.getByRole('button', { name: 'Remove question 1' }).click()
    await ben.page.getByRole('button', { name: 'Put it back' }).click()
    await bothRead(['One of mine', 'Two'])
  })

  test('is answered by both at once, in words and in choices', async () => {
    const address = await openTogether('Name', 'Days')
    await question(ana.page, 2).click()
    await ana.page.getByRole('combobox', { name: 'Type of question 2' }).selectOption({ label: 'Choices' })
    await ana.page.getByRole('checkbox', { name: 'Several answers' }).check()
    await ana.page.getByRole('textbox', { name: 'Choice 1' }).click()
    await ana.page.keyboard.type('Friday')
    await ana.page.keyboard.press('Enter')
    await ana.page.keyboard.type('Saturday')
    for (const { page } of [ana, ben]) await page.goto(`${address}/fill`)
    await Promise.all([
      ana.page.getByRole('textbox', { name: 'Name' }).fill('Noor Haddad'),
      ben.page.getByRole('checkbox', { name: 'Saturday' }).check()
    ])
    await bothSee('both answers', async (page) => {
      const name = await page.getByRole('textbox', { name: 'Name' }).inputValue()
      return name === 'Noor Haddad' && (await page.getByRole('checkbox', { name: 'Saturday' }).isChecked())
    })
  })

  test('takes the press on what lies below an answer that turns out to be wrong', async () => {
    const address = await openTogether('Phone', 'Sure?')
    await question(ana.page, 1).click()
    await ana.page
      .getByRole('combobox', { name: 'Type of question 1' })
      .selectOption({ label: 'Phone number' })
    await question(ana.page, 2).click()
    await ana.page.getByRole('combobox', { name: 'Type of question 2' }).selectOption({ label: 'Yes or no' })
    await ana.page.goto(`${address}/fill`)
    await ana.page.getByRole('textbox', { name: 'Phone' }).fill('0151 2')
    await ana.page.getByText('Yes', { exact: true }).click()
    await ana.page.getByText('Digits are missing.').waitFor()
    expect(await ana.page.getByRole('radio', { name: 'Yes' }).isChecked()).toBe(true)
  })

  test('undoes what one did, and leaves what the other did', async () => {
    await openTogether('One', 'Two')
    await question(ana.page, 1).fill('Mine')
    await bothRead(['Mine', 'Two'])
    await question(ben.page, 2).fill('Theirs')
    await bothRead(['Mine', 'Theirs'])
    await ana.page.keyboard.press('Control+z')
    await bothRead(['One', 'Theirs'])
  })

  test('says Saved to both in the end, and no page reported an error', async () => {
    await openTogether('One')
    await question(ana.page, 1).fill('One more')
    await waitUntil(
      async () => saved.test(await indicated(ana.page)) && saved.test(await indicated(ben.page)),
      {
        about: 'Saved on both pages'
      }
    )
    expect([...ana.errors, ...ben.errors]).toEqual([])
  })
})
