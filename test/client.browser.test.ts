/** What the SDK does in a browser: React, text fields, and the copy on the device. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  bundlePage,
  openPage,
  type PageServer,
  pageAddress,
  type RoomPage,
  servePage
} from './client-page/open-page.ts'
import { launchBrowser } from './support/chromium.ts'
import { missing } from './support/missing.ts'
import { startOwnServer } from './support/own-server.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const tokenFor = (sub: string, role: string) =>
  signToken({ sub, name: sub, grants: [{ room: 'form/*', role }] })

describe.skipIf(missing('chromium'))('in a browser', { timeout: 60_000 }, () => {
  const contexts: BrowserContext[] = []
  let server: ServerProcess
  let browser: Browser
  let pages: PageServer
  let room: string
  let rooms = 0

  beforeAll(async () => {
    pages = await servePage(await bundlePage())
    server = await startOwnServer({ AUTH_SECRET: authSecret, ALLOWED_ORIGINS: pages.url })
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
    pages?.close()
  })
  beforeEach(() => {
    room = `room-${++rooms}`
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })

  /** Somebody's device. */
  const device = async (): Promise<BrowserContext> => {
    const context = await browser.newContext()
    contexts.push(context)
    return context
  }
  const visit = async (who: string, role = 'editor') => ({
    server: server.wsUrl,
    room,
    token: await tokenFor(who, role)
  })
  const open = async (context: BrowserContext, who: string, role = 'editor'): Promise<RoomPage> => {
    const opened = await openPage(context, pages, await visit(who, role))
    await opened.page.getByLabel('status', { exact: true }).waitFor({ timeout: 20_000 })
    return opened
  }
  const reads = ({ read }: RoomPage, label: string, expected: string | RegExp) =>
    waitUntil(
      async () => {
        const value = await read(label)
        if (typeof expected === 'string' ? value === expected : expected.test(value)) return true
        throw new Error(`it is ${JSON.stringify(value)}`)
      },
      { about: `${label} to read ${expected}`, timeoutMs: 20_000 }
    )
  const select = (page: RoomPage['page'], start: number, end = start) =>
    page.getByLabel('intro', { exact: true }).evaluate(
      (element: HTMLTextAreaElement, [from, to]) => {
        element.focus()
        element.setSelectionRange(from ?? 0, to ?? 0)
      },
      [start, end]
    )
  const selection = (page: RoomPage['page']) =>
    page
      .getByLabel('intro', { exact: true })
      .evaluate((element: HTMLTextAreaElement) => [element.selectionStart, element.selectionEnd])

  test('a room is shown after it is ready, and rendering twice connects once', async () => {
    const context = await device()
    const page = await context.newPage()
    const sockets: string[] = []
    page.on('websocket', (socket) => sockets.push(socket.url()))
    await page.goto(pageAddress(pages, await visit('ana')))
    await page.getByLabel('status', { exact: true }).waitFor()
    expect(sockets).toHaveLength(1)
  })

  test('leaving and entering again within a moment keeps the room', async () => {
    const ana = await open(await device(), 'ana')
    await ana.page.evaluate(() => Object.assign(window, { before: window.room }))
    await ana.page.getByRole('button', { name: 'leave' }).click()
    await ana.page.getByRole('button', { name: 'enter' }).click()
    await ana.page.getByLabel('status', { exact: true }).waitFor()
    expect(await ana.page.evaluate(() => Reflect.get(window, 'before') === window.room)).toBe(true)
  })

  test('a component is rendered again for what it selected, and for nothing else', async () => {
    const ana = await open(await device(), 'ana')
    await reads(ana, 'status', 'saved')
    const before = await ana.page.evaluate(() => window.renders.labels)
    await ana.page.getByLabel('title', { exact: true }).fill('a title')
    await reads(ana, 'status', 'saved')
    expect(await ana.page.evaluate(() => window.renders.labels)).toBe(before)
    await ana.page.getByRole('button', { name: 'add' }).click()
    await reads(ana, 'labels', 'new')
    await ana.page.getByRole('button', { name: 'undo' }).click()
    await reads(ana, 'labels', '')
  })

  test('what others type before the caret moves it along, and after it does not', async () => {
    const [ana, ben] = await Promise.all([open(await device(), 'ana'), open(await device(), 'ben')])
    await select(ana.page, 0)
    await ana.page.keyboard.type('the cake')
    await reads(ben, 'intro', 'the cake')
    await select(ana.page, 4, 8)
    await select(ben.page, 0)
    await ben.page.keyboard.type('bring ')
    await select(ben.page, 14)
    await ben.page.keyboard.type(' at 5')
    await reads(ana, 'intro', 'bring the cake at 5')
    expect(await selection(ana.page)).toEqual([10, 14])
    await reads(ben, 'carets', '10-14')
    await ana.page.keyboard.type('pie')
    await reads(ben, 'intro', 'bring the pie at 5')
  })

  test('what others type while a word is being composed does not break it, and both stay', async () => {
    const [ana, ben] = await Promise.all([open(await device(), 'ana'), open(await device(), 'ben')])
    await select(ana.page, 0)
    await ana.page.keyboard.type('ab')
    await reads(ben, 'intro', 'ab')
    await select(ana.page, 1)
    const input = await ana.page.context().newCDPSession(ana.page)
    await input.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 })
    await select(ben.page, 0)
    await ben.page.keyboard.type('12')
    await reads(ben, 'intro', '12ab')
    await waitUntil(() => ana.page.evaluate(() => window.room?.snapshot.get().intro === '12ab'), {
      about: "Ben's text to reach Ana"
    })
    expect(await ana.read('intro')).toBe('aにb')
    await input.send('Input.imeSetComposition', { text: '日本', selectionStart: 2, selectionEnd: 2 })
    await input.send('Input.insertText', { text: '日本' })
    await reads(ana, 'intro', '12a日本b')
    await reads(ben, 'intro', '12a日本b')
    expect(await selection(ana.page)).toEqual([5, 5])
  })

  test('an emoji that replaces its neighbour arrives whole', async () => {
    const [ana, ben] = await Promise.all([open(await device(), 'ana'), open(await device(), 'ben')])
    await ana.page.getByLabel('intro', { exact: true }).fill('a😀b')
    await reads(ben, 'intro', 'a😀b')
    await ana.page.getByLabel('intro', { exact: true }).fill('a😁b')
    await reads(ben, 'intro', 'a😁b')
  })

  test('a reader sees the text and cannot type into it', async () => {
    const ana = await open(await device(), 'ana')
    const rita = await open(await device(), 'rita', 'reader')
    await ana.page.getByLabel('title', { exact: true }).fill('read this')
    await reads(rita, 'title', 'read this')
    expect(await rita.page.getByLabel('title', { exact: true }).isEditable()).toBe(false)
  })

  test('who loses the connection is shown as stale, not as gone', async () => {
    const [ana, ben] = await Promise.all([open(await device(), 'ana'), open(await device(), 'ben')])
    await reads(ana, 'others', 'ben')
    await ben.page.close()
    await reads(ana, 'others', 'ben?')
  })

  test('a page that is told of a network does not wait for the next attempt', async () => {
    const ana = await open(await device(), 'ana')
    await reads(ana, 'status', 'saved')
    await server.kill()
    const retryAt = await waitUntil(
      () =>
        ana.page.evaluate(() => {
          const at = window.client.retryAt.get()?.getTime() ?? 0
          if (at - Date.now() > 12_000) return at
          window.client.retryNow()
          return 0
        }),
      { about: 'an attempt that is 12 s away', timeoutMs: 30_000, everyMs: 50 }
    )
    await server.restart()
    await ana.page.evaluate(() => window.dispatchEvent(new Event('online')))
    await waitUntil(() => ana.page.evaluate(() => window.client.status.get() === 'connected'), {
      about: 'the connection'
    })
    expect(await ana.page.evaluate(() => Date.now())).toBeLessThan(retryAt)
    await reads(ana, 'status', 'saved')
  })

  test('edits made without a server survive a reload without one, and are sent later', async () => {
    const context = await device()
    const ana = await open(context, 'ana')
    await ana.page.getByLabel('title', { exact: true }).fill('before')
    await reads(ana, 'status', 'saved')
    await server.kill()
    await reads(ana, 'status', /^offline 0/)
    await ana.page.getByLabel('title', { exact: true }).press('End')
    await ana.page.keyboard.type('!!!')
    await reads(ana, 'status', 'offline 3 stored')
    await ana.page.reload()
    await reads(ana, 'title', 'before!!!')
    await reads(ana, 'status', 'offline 3 stored')
    await ana.page.keyboard.press('Tab')
    await ana.page.getByLabel('title', { exact: true }).press('End')
    await ana.page.keyboard.type('?')
    await reads(ana, 'status', 'offline 4 stored')
    await server.restart()
    await reads(ana, 'status', 'saved')
    const ben = await open(await device(), 'ben')
    await reads(ben, 'title', 'before!!!?')
    await ana.page.reload()
    await reads(ana, 'status', 'saved')
  })

  test('edits of one tab that was closed are sent by the next', async () => {
    const context = await device()
    const first = await open(context, 'ana')
    await reads(first, 'status', 'saved')
    await server.kill()
    await first.page.getByLabel('title', { exact: true }).fill('kept')
    await reads(first, 'status', 'offline 1 stored')
    await first.page.close()
    await server.restart()
    const second = await open(context, 'ana')
    await reads(second, 'title', 'kept')
    await reads(second, 'status', 'saved')
    const ben = await open(await device(), 'ben')
    await reads(ben, 'title', 'kept')
  })

  test('another user of the same device does not send the edits of the one before', async () => {
    const context = await device()
    const ana = await open(context, 'ana')
    await reads(ana, 'status', 'saved')
    await server.kill()
    await ana.page.getByLabel('title', { exact: true }).fill('of Ana')
    await reads(ana, 'status', 'offline 1 stored')
    await ana.page.close()
    await server.restart()
    const ben = await open(context, 'ben')
    await reads(ben, 'status', 'saved')
    expect(await ben.read('title')).toBe('')
    const again = await open(context, 'ana')
    await reads(again, 'title', 'of Ana')
    await reads(ben, 'title', 'of Ana')
  })

  test('what was refused is given back, and gone from the device and from the other tabs', async () => {
    const context = await device()
    const [first, second] = [await open(context, 'ana'), await open(context, 'ana')]
    await first.page.getByLabel('title', { exact: true }).fill('committed')
    await reads(second, 'title', 'committed')
    await server.kill()
    await first.page.getByLabel('title', { exact: true }).fill('refused')
    await reads(first, 'status', /^offline \d stored$/)
    await first.page.goto(pageAddress(pages, await visit('ana', 'reader')))
    await reads(first, 'title', 'refused')
    await server.restart()
    await reads(first, 'status', /^rejected refused/)
    await reads(first, 'title', 'committed')
    await reads(second, 'status', 'saved')
    expect(await second.read('title')).toBe('committed')
    await first.page.reload()
    await reads(first, 'status', 'saved')
    expect(await first.read('title')).toBe('committed')
  })

  test('a tab with edits that only it has asks before it is closed', async () => {
    const context = await device()
    await context.addInitScript(() => Reflect.deleteProperty(window, 'indexedDB'))
    const ana = await open(context, 'ana')
    await reads(ana, 'status', 'saved')
    await server.kill()
    await ana.page.getByLabel('title', { exact: true }).fill('only here')
    await reads(ana, 'status', 'offline 1')
    const asked = ana.page.waitForEvent('dialog')
    await ana.page.close({ runBeforeUnload: true })
    expect((await asked).type()).toBe('beforeunload')
    await (await asked).dismiss()
    await server.restart()
    await reads(ana, 'status', 'saved')
  })
})
