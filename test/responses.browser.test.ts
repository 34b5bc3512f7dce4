import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { form } from '../schema/kinds/form.ts'
import { faults } from './support/axe.ts'
import { launchBrowser } from './support/chromium.ts'
import { buildApps, indicated, saved, type Visitor, visit } from './support/form-app.ts'
import { expectProblem } from './support/http.ts'
import { missing } from './support/missing.ts'
import { startOwnServer } from './support/own-server.ts'
import { createPerson, type Person } from './support/person.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

/** What axe finds on the page in light and in dark. */
const faultsInBoth = async (page: Page): Promise<string[]> => {
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    found.push(...(await faults(page)).map((fault) => `${colorScheme} ${fault}`))
  }
  return found
}

const desktop = { viewport: { width: 1440, height: 900 } }
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }

describe.skipIf(missing('chromium'))('a form that people answer alone', () => {
  let server: ServerProcess
  let browser: Browser
  let olga: Person
  let owner: Visitor
  let forms = 0

  beforeAll(async () => {
    await buildApps()
    server = await startOwnServer({ AUTH_SECRET: authSecret })
    browser = await launchBrowser()
    olga = await createPerson(server.url, 'olga', { 'form/*': 'owner' }, { name: 'Olga Brandt' })
    owner = await visit(browser, server.url, { token: olga.token, ...desktop })
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  const respondent = (id: string, name: string): Promise<Person> =>
    createPerson(server.url, id, { 'form/*': 'respondent' }, { name })

  /** Two pages: a name and an address, both needed, then days; how one comes is asked of those who come. */
  const writtenForm = async (): Promise<string> => {
    const id = `f${++forms}`
    await olga.create(`form/${id}`)
    await olga.write(form, `form/${id}`, ({ title, sections, fields, options }) => {
      title.replace('Volunteer sign-up')
      const [about, shifts] = [
        sections.insert({ title: 'About you' }),
        sections.insert({ title: 'Your shifts' })
      ]
      fields.insert({ type: 'short-text', label: 'Full name', required: true, section: about })
      fields.insert({ type: 'email', label: 'Email', required: true, section: about })
      const days = fields.insert({ type: 'multiple-choice', label: 'Days', section: shifts })
      const [, sunday] = ['Saturday', 'Sunday'].map((label) => options.insert({ field: days, label }))
      fields.insert({
        type: 'time',
        label: 'Earliest start',
        section: shifts,
        condition: { field: days, op: 'contains', value: sunday ?? '' }
      })
    })
    return id
  }

  const begin = async ({ page }: Visitor, id: string): Promise<void> => {
    await page.goto(`${server.url}/respond/${id}`)
    await page.getByRole('button', { name: 'Begin' }).click()
    await field(page, 'Full name').waitFor()
  }
  const field = (page: Page, name: string) => page.getByRole('textbox', { name })
  const next = (page: Page) => page.getByRole('button', { name: 'Next' })
  const send = (page: Page) => page.getByRole('button', { name: 'Send my answers' })
  const responseOf = async (id: string): Promise<string> => {
    const answer = await fetch(`${server.url}/api/rooms?parent=form%2F${id}&kind=response`, {
      headers: { authorization: `Bearer ${olga.token}` }
    })
    const { rooms }: { rooms: readonly { readonly name: string }[] } = await answer.json()
    return rooms[0]?.name ?? ''
  }
  const isSaved = (page: Page) =>
    waitUntil(async () => saved.test(await indicated(page)), { about: 'the answers to be saved' })
  /** Everything that is needed, sent. */
  const answerAll = async (page: Page): Promise<void> => {
    await field(page, 'Full name').fill('Noor Haddad')
    await field(page, 'Email').fill('noor@example.org')
    await next(page).click()
    await page.getByRole('checkbox', { name: 'Sunday' }).check()
    await send(page).click()
    await page.getByRole('heading', { name: /^Sent \d\d:\d\d$/ }).waitFor()
  }

  test('begins when somebody says so, and not before', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await using visitor = await visit(browser, server.url, { token: noor.token, ...phone })
    await visitor.page.goto(`${server.url}/respond/${id}`)
    await visitor.page.getByText('4 questions on 2 pages.').waitFor()
    expect(await faultsInBoth(visitor.page)).toEqual([])
    expect(await responseOf(id)).toBe('')
    await begin(visitor, id)
    expect(await responseOf(id)).toMatch(/^response\//)
  })

  test('is not sent while answers are missing: the page says which, and the server the same', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await using visitor = await visit(browser, server.url, { token: noor.token, ...phone })
    const { page } = visitor
    await begin(visitor, id)
    await field(page, 'Email').fill('noor@example')
    await next(page).click()
    await send(page).click()
    await page.getByText('2 answers are missing or not right. Nothing was sent.').waitFor()
    await page.getByText('Not an address. Example: noor@example.org').waitFor()
    expect(await page.evaluate(() => document.activeElement?.textContent)).toMatch(/^2 answers are missing/)
    expect(await faultsInBoth(page)).toEqual([])
    await isSaved(page)
    const refused = await noor.act(await responseOf(id), 'submit')
    const { complaints }: { complaints: readonly { readonly detail: string }[] } = await refused.json()
    expect(complaints.map(({ detail }) => detail)).toEqual([
      'This needs an answer.',
      'Not an address. Example: noor@example.org'
    ])
    await page.getByRole('link', { name: 'Full name' }).click()
    await waitUntil(() => field(page, 'Full name').evaluate((one) => one === document.activeElement), {
      about: 'the link to lead into the field'
    })
  })

  test('asks what the answers call for, and keeps it after a reload', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await using visitor = await visit(browser, server.url, { token: noor.token, ...desktop })
    const { page } = visitor
    await begin(visitor, id)
    await field(page, 'Full name').fill('Noor Haddad')
    await next(page).click()
    await page.getByRole('checkbox', { name: 'Saturday' }).check()
    expect(await page.getByLabel('Earliest start').count()).toBe(0)
    await page.getByRole('checkbox', { name: 'Sunday' }).check()
    await page.getByLabel('Earliest start').waitFor()
    await isSaved(page)
    await page.goto(`${server.url}/respond/${id}`)
    await field(page, 'Full name').waitFor()
    expect(await field(page, 'Full name').inputValue()).toBe('Noor Haddad')
  })

  test('is watched while it is filled in, sent, reviewed, reopened and sent again', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await using visitor = await visit(browser, server.url, { token: noor.token, ...phone })
    const { page } = visitor
    await owner.page.goto(`${server.url}/form/${id}/responses`)
    await owner.page.getByText('No response yet.').waitFor()
    expect(await faultsInBoth(owner.page)).toEqual([])

    await begin(visitor, id)
    await field(page, 'Full name').fill('Noor')
    const row = owner.page.getByRole('row', { name: /^Noor Haddad/ })
    await row.getByText('filling in, 1 of 3').waitFor()
    await owner.page.getByText('0 sent · 1 being filled in now').waitFor()
    await field(page, 'Full name').press('End')
    await page.keyboard.type(' Haddad')
    // It stands in the row as the name already.
    await row.getByTitle('Noor Haddad').getByText('″').waitFor()
    await page.keyboard.type('-Ruiz')
    await row.getByText('Noor Haddad-Ruiz').waitFor()
    expect(await faultsInBoth(owner.page)).toEqual([])

    await answerAll(page)
    expect(await faultsInBoth(page)).toEqual([])
    await owner.page.getByText('1 sent').waitFor()
    expect(await row.getByText(/^\d\d:\d\d$/).count()).toBe(1)

    await row.getByRole('link').click()
    await owner.page.getByText(/^Sent \d\d:\d\d · 3 of 4 questions answered · on a phone$/).waitFor()
    expect(await faultsInBoth(owner.page)).toEqual([])
    await owner.page.getByRole('button', { name: 'Mark as reviewed' }).click()
    await page.getByText(/^Your answers were reviewed/).waitFor()
    await owner.page.getByRole('button', { name: 'Reopen' }).click()
    await page.getByText(/^Reopened/).waitFor()
    await page.getByRole('checkbox', { name: 'Saturday' }).check()
    await owner.page.getByText('Saturday, Sunday').waitFor()
    await send(page).click()
    await page.getByRole('heading', { name: /^Sent/ }).waitFor()
    await owner.page.getByRole('button', { name: 'Mark as reviewed' }).waitFor()
  })

  test('asks what it asked when it was begun, whatever has become of it since', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await using visitor = await visit(browser, server.url, { token: noor.token, ...desktop })
    const { page } = visitor
    await begin(visitor, id)
    await olga.write(form, `form/${id}`, ({ fields }) => {
      const [first = ''] = fields.ids()
      fields.get(first)?.label.replace('Name on your card')
      fields.insert({ type: 'number', label: 'Age', required: true })
    })
    await page.reload()
    await field(page, 'Full name').waitFor()
    expect(await page.getByText('Name on your card').count()).toBe(0)
    await answerAll(page)
    await owner.page.goto(`${server.url}/form/${id}/responses`)
    await owner.page.getByRole('columnheader', { name: 'Name on your card' }).waitFor()
    await owner.page.getByRole('link', { name: 'Noor Haddad' }).click()
    await owner.page.getByText('Full name', { exact: true }).waitFor()
  })

  test('is exported as a table that runs nothing', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await using visitor = await visit(browser, server.url, { token: noor.token, ...desktop })
    await begin(visitor, id)
    await field(visitor.page, 'Full name').fill('=HYPERLINK("https://example.org"), Noor')
    await isSaved(visitor.page)
    await owner.page.goto(`${server.url}/form/${id}/responses`)
    await owner.page.getByRole('row', { name: /HYPERLINK/ }).waitFor()
    const [file] = await Promise.all([
      owner.page.waitForEvent('download'),
      owner.page.getByRole('button', { name: 'Export CSV' }).click()
    ])
    const text = readFileSync(await file.path(), 'utf8')
    expect(text.split('\r\n')[0]).toBe('\uFEFFName,Full name,Email,Days,Earliest start,State,Sent,Entry,Id')
    expect(text.split('\r\n')[1]).toMatch(
      /^Noor Haddad,"'=HYPERLINK\(""https:\/\/example.org""\), Noor",,,,draft,,\d+,f\d+~\w+$/
    )
  })

  test('shows answers to nobody but whoever gave them and who may edit the form', async () => {
    const id = await writtenForm()
    const noor = await respondent('noor', 'Noor Haddad')
    await noor.create(`response/${id}~own`)
    const stranger = await respondent('sven', 'Sven Berg')
    await expectProblem(await stranger.read(`response/${id}~own`), 'forbidden')
    await using visitor = await visit(browser, server.url, { token: stranger.token, ...phone })
    await visitor.page.goto(`${server.url}/form/${id}/responses?response=${id}~own`)
    await visitor.page.getByText('The responses are not open to you.').waitFor()
    expect(await visitor.page.getByRole('link', { name: 'Responses' }).count()).toBe(0)
  })

  test('never reported an error on the page of its owner', () => {
    expect(owner.errors).toEqual([])
  })
})
