import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from './support/chromium.ts'
import {
  buildApps,
  createForm,
  indicated,
  labels,
  overhear,
  question,
  saved,
  type Visitor,
  visit,
  writeQuestions
} from './support/form-app.ts'
import { missing } from './support/missing.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

const reads = (page: Page, ...expected: string[]) =>
  waitUntil(async () => String(await labels(page)) === String(expected), {
    about: `the page to read ${expected.join(' · ')}`
  })

const says = (page: Page, words: string | RegExp) =>
  waitUntil(
    async () =>
      typeof words === 'string' ? (await indicated(page)) === words : words.test(await indicated(page)),
    {
      about: `the indicator to say ${words}`,
      timeoutMs: 15_000
    }
  )

describe.skipIf(missing('chromium'))('the saved indicator of a form', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'roomlog-data-'))
  let server: ServerProcess
  let browser: Browser
  let visitors: Visitor[] = []

  beforeAll(async () => {
    await buildApps()
    server = await startServer({ dataDir })
    browser = await launchBrowser()
  })
  afterEach(async () => {
    await Promise.all(visitors.map((visitor) => visitor.context.close()))
    visitors = []
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const come = async (name: string): Promise<Visitor> => {
    const visitor = await visit(browser, server.url, { name })
    visitors.push(visitor)
    return visitor
  }

  /** Somebody in a form of theirs with one question. */
  const begin = async () => {
    const ana = await come('Ana Kowalska')
    const address = await createForm(server.url, ana.token)
    await ana.page.goto(address)
    await writeQuestions(ana.page, 'Name')
    await says(ana.page, saved)
    return { ana, address }
  }

  /** Two people in it. */
  const meet = async () => {
    const { ana, address } = await begin()
    const ben = await come('Ben Hart')
    await ben.page.goto(address)
    await question(ben.page, 1).waitFor()
    await says(ben.page, saved)
    return { ana, ben }
  }

  test('counts what is kept on the device while offline, and says so in a banner', async () => {
    const { ana } = await begin()
    await ana.disconnect()
    await question(ana.page, 1).press('End')
    await ana.page.keyboard.type('abc')
    await says(ana.page, 'Offline · 3 changes kept on this device')
    await ana.page.getByText('You are offline.').waitFor()
  })

  test('says after a time offline what became of it, and the others read it', async () => {
    const { ana, ben } = await meet()
    await ana.disconnect()
    await question(ana.page, 1).fill('Name of the guest')
    await ana.page.getByText('You are offline.').waitFor()
    await question(ben.page, 1).press('Home')
    await ben.page.keyboard.type('Full ')
    await says(ben.page, saved)
    await ana.reconnect()
    await ana.page.getByText('Back online. Your change is in the log.').first().waitFor()
    await says(ana.page, saved)
    await reads(ben.page, 'Full Name of the guest')
    await reads(ana.page, 'Full Name of the guest')
  })

  test('keeps what was written offline when the page is loaded again', async () => {
    const { ana, ben } = await meet()
    await ana.disconnect()
    await question(ana.page, 1).fill('Written on the train')
    await says(ana.page, 'Offline · 1 change kept on this device')
    await ana.page.reload()
    await reads(ana.page, 'Written on the train')
    await says(ana.page, /^Offline · 1 change/)
    await ana.reconnect()
    await reads(ben.page, 'Written on the train')
    await says(ana.page, saved)
  })

  test('has said Saved only of what is there after kill -9 of the server, the writer gone', async () => {
    const { ana, address } = await begin()
    await question(ana.page, 1).press('End')
    const safe: string[] = []
    for (let index = 0; index < 3; index++) {
      await ana.page.keyboard.type(` word${index}`)
      await says(ana.page, saved)
      safe.push(await question(ana.page, 1).inputValue())
    }
    const typing = ana.page.keyboard.type(' and so on without an end', { delay: 5 })
    await server.kill()
    await typing
    await says(ana.page, /^Offline/)
    await ana.context.close()
    await server.restart()
    const late = await come('Carla Ruiz')
    await late.page.goto(address)
    await question(late.page, 1).waitFor()
    expect(await question(late.page, 1).inputValue()).toMatch(new RegExp(`^${safe.at(-1)}`))
  })

  test('goes on by itself after kill -9 and a restart, with everything that was typed meanwhile', async () => {
    const { ana, ben } = await meet()
    await question(ana.page, 1).press('End')
    await server.kill()
    await ana.page.keyboard.type(' while nobody answers')
    await server.restart()
    await reads(ben.page, 'Name while nobody answers')
    await says(ana.page, saved)
  })

  test('never changes back and forth: whoever types sees Saving for 400 ms at least', async () => {
    const { ana } = await begin()
    await question(ana.page, 1).press('End')
    const heard = await overhear(ana.page)
    await ana.page.keyboard.type('slowly', { delay: 250 })
    await says(ana.page, saved)
    const all = await heard()
    const shownFor = all.flatMap(({ words, at }, index) =>
      words === 'Saving…' ? [(all[index + 1]?.at ?? at) - at] : []
    )
    expect(shownFor.length).toBeGreaterThan(0)
    expect(Math.min(...shownFor)).toBeGreaterThanOrEqual(400)
  })

  test.each([1440, 390])('moves nothing beside it, whatever it says, %d px wide', async (width) => {
    const { ana } = await begin()
    const { page } = ana
    await page.setViewportSize({ width, height: 844 })
    await page.getByRole('textbox', { name: 'Title of the form' }).fill('Everybody who helps at the festival')
    await question(page, 1).click()
    await says(page, saved)
    const neighbours = () =>
      page
        .locator('header :is(h1, nav, ul, [aria-label=Undo], [popovertarget=share]), main [data-row]')
        .evaluateAll((all) => all.map((neighbour) => neighbour.getBoundingClientRect().toJSON()))
    const before = await neighbours()
    await ana.disconnect()
    await question(page, 1).fill('Nama')
    await says(page, /^Offline/)
    await page.getByText('You are offline.').waitFor()
    expect(await neighbours()).toEqual(before)
    await ana.reconnect()
    await says(page, saved)
    expect(await neighbours()).toEqual(before)
  })
})

describe.skipIf(missing('chromium') ?? missing('postgres'))('while Postgres does not answer', () => {
  let postgres: Postgres
  let server: ServerProcess
  let browser: Browser

  beforeAll(async () => {
    await buildApps()
    postgres = await startPostgres()
    server = await startServer({ databaseUrl: postgres.url })
    browser = await launchBrowser()
  })
  afterEach(() => postgres?.resume())
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await postgres?.remove()
  })

  test('no screen says Saved of a change that waits, and the number that waits is right', async () => {
    await using ana = await visit(browser, server.url, { name: 'Ana Kowalska' })
    await using ben = await visit(browser, server.url, { name: 'Ben Hart' })
    const address = await createForm(server.url, ana.token)
    await ana.page.goto(address)
    await writeQuestions(ana.page, 'Name')
    await ben.page.goto(address)
    await reads(ben.page, 'Name')
    await question(ana.page, 1).press('End')
    await says(ana.page, saved)
    postgres.pause()
    const heard = await overhear(ana.page)
    await ana.page.keyboard.type('abc')
    await says(ana.page, 'Waiting for the server · 3 changes')
    await ana.page.getByText('The server cannot commit right now.').waitFor()
    const [before, ...during] = (await heard()).map(({ words }) => words)
    expect(before).toMatch(saved)
    // On a slow machine the server may be waited for before the third key is pressed.
    expect(during.filter((words) => !/^(Saving…|Waiting for the server · \d changes?)$/.test(words))).toEqual(
      []
    )
    expect([during[0], during.at(-1)]).toEqual(['Saving…', 'Waiting for the server · 3 changes'])
    expect(await labels(ben.page)).toEqual(['Name'])
    postgres.resume()
    await reads(ben.page, 'Nameabc')
    await says(ana.page, saved)
  })
})
