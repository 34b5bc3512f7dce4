/** The form app in a real browser: visitors with a name, the parts of a page by the words that stand on them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
  WebSocketRoute
} from 'playwright-core'
import { cacheFolder } from './cache.ts'
import { ifThere } from './if-there.ts'
import { waitUntil } from './wait-until.ts'

/**
 * Builds the apps unless they are built from these sources; test files that run at once build them once.
 *
 * @throws Error with what the build said
 */
export const buildApps = async (): Promise<void> => {
  const lock = join(cacheFolder, 'building-apps')
  mkdirSync(cacheFolder, { recursive: true })
  await waitUntil(() => takeLock(lock), {
    about: `whoever holds ${lock} to build the apps`,
    timeoutMs: 60_000
  })
  try {
    const script = join(import.meta.dirname, '../../scripts/build-apps.ts')
    // As users build them: vitest's NODE_ENV would bring the development build of React.
    const { NODE_ENV: _, ...env } = process.env
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env })
    if (status !== 0) throw new Error(`the apps were not built: ${stdout}${stderr}`)
  } finally {
    rmSync(lock)
  }
}

/** A lock whose owner is gone is taken over. */
const takeLock = (lock: string): boolean => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const owner = Number(ifThere(() => readFileSync(lock, 'utf8')))
    if (owner > 0 && ifThere(() => process.kill(owner, 0)) === undefined) rmSync(lock, { force: true })
    return false
  }
}

export interface Visitor extends AsyncDisposable {
  readonly page: Page
  readonly context: BrowserContext
  readonly token: string
  /** Ends the connection and refuses new ones, until `reconnect`. */
  disconnect(): Promise<void>
  /** Lets connections through again; the pages are told, as by a machine that has a network again. */
  reconnect(): Promise<void>
  /** What the page reported as errors so far. */
  readonly errors: readonly string[]
}

export interface VisitorOptions extends BrowserContextOptions {
  /** A guest of this name; left out, somebody whom the server does not know. */
  readonly name?: string
  /** Comes with this token in the address instead. */
  readonly token?: string
}

/** Somebody with a browser of their own: nothing is shared with other visitors. */
export const visit = async (
  browser: Browser,
  url: string,
  { name, token, ...options }: VisitorOptions = {}
): Promise<Visitor> => {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: 'en-GB',
    ...options
  })
  const guest = name === undefined ? null : { token: await guestToken(url, name), name }
  const stored = { guest, token: token ?? null }
  await context.addInitScript(({ guest, token }) => {
    if (guest) localStorage.setItem('roomlog.guest', JSON.stringify(guest))
    if (token) sessionStorage.setItem('roomlog.token', token)
  }, stored)
  const line = await lineOf(context)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  return {
    page,
    context,
    token: guest?.token ?? token ?? '',
    ...line,
    errors,
    [Symbol.asyncDispose]: () => context.close()
  }
}

/** `setOffline` freezes a socket instead of ending it, so the line is cut here. */
const lineOf = async (context: BrowserContext) => {
  const open = new Set<WebSocketRoute>()
  let isCut = false
  await context.routeWebSocket(/\/ws$/, async (socket) => {
    if (isCut) return socket.close({ code: 1001 })
    open.add(socket)
    socket.connectToServer()
  })
  // Where there is no line, there is none for the other ways in either.
  await context.route(/\/stream(\/|\?|$)/, (route) => (isCut ? route.abort() : route.continue()))
  return {
    disconnect: async () => {
      isCut = true
      await Promise.all([...open].map((socket) => socket.close({ code: 1001 })))
      open.clear()
    },
    reconnect: async () => {
      isCut = false
      await Promise.all(
        context.pages().map((page) => page.evaluate(() => dispatchEvent(new Event('online'))))
      )
    }
  }
}

const guestToken = async (url: string, name: string): Promise<string> => {
  const answer = await fetch(`${url}/api/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name })
  })
  const { token }: { token: string } = JSON.parse(await answer.text())
  return token
}

/** A new form of whoever the token speaks for. @returns its address in the app */
export const createForm = async (
  url: string,
  token: string,
  id: string = crypto.randomUUID()
): Promise<string> => {
  const answer = await fetch(`${url}/api/rooms`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ name: `form/${id}` })
  })
  if (answer.status !== 201) throw new Error(`the form was not made: ${await answer.text()}`)
  return `${url}/form/${id}`
}

/** Writes the first questions of an empty form, one per line. */
export const writeQuestions = async (page: Page, ...labels: string[]): Promise<void> => {
  await page.getByRole('textbox', { name: 'Questions, one per line' }).fill(labels.join('\n'))
  await page.getByRole('button', { name: /^Make \d+ questions?$/ }).click()
  await question(page, labels.length).waitFor()
}

export const question = (page: Page, number: number): Locator =>
  page.getByRole('textbox', { name: `Question ${number}`, exact: true })

/** The labels of all questions, in the order of the page. */
export const labels = (page: Page): Promise<string[]> =>
  page
    .getByRole('textbox', { name: /^Question \d+$/ })
    .evaluateAll((fields) => fields.map((field) => (field as HTMLTextAreaElement).value))

export const indicator = (page: Page): Locator => page.locator('button[aria-controls=facts]')

/** What the indicator says now. Its words stand there in two lengths, of which this screen shows one. */
export const indicated = (page: Page): Promise<string> =>
  indicator(page).evaluate(
    (button) =>
      [...button.querySelectorAll('span')].find((words) => words.checkVisibility())?.textContent ?? ''
  )

export const saved = /^Saved \d\d:\d\d$/

/** One thing that the indicator said, and when, in milliseconds of the page's clock. */
export interface Said {
  readonly words: string
  readonly at: number
}

/** Writes down everything that the indicator says from now on. @returns a function that reads it */
export const overhear = async (page: Page): Promise<() => Promise<readonly Said[]>> => {
  const heard = await indicator(page).evaluateHandle((button) => {
    const said: Said[] = []
    const listen = () => {
      const shown = [...button.querySelectorAll('span')].find((span) => span.checkVisibility())
      const words = shown?.textContent ?? ''
      if (said.at(-1)?.words !== words) said.push({ words, at: performance.now() })
    }
    listen()
    new MutationObserver(listen).observe(button, { subtree: true, childList: true, characterData: true })
    return said
  })
  return () => heard.evaluate((said) => [...said])
}
