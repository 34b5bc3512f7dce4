/** Two people in browsers, behind a proxy that begins to block WebSockets while they write. */
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundlePage, openPage, type PageServer, type RoomPage, servePage } from './client-page/open-page.ts'
import { launchBrowser } from './support/chromium.ts'
import { leaveRoomsAfterTests, startRoomServer } from './support/client-rooms.ts'
import { missing } from './support/missing.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'
import { startWebProxy, type WebProxy } from './support/web-proxy.ts'

leaveRoomsAfterTests()

const tokenFor = (sub: string) => signToken({ sub, name: sub, grants: [{ room: 'form/*', role: 'editor' }] })

describe.skipIf(missing('chromium'))('in a browser behind a proxy', { timeout: 180_000 }, () => {
  const contexts: BrowserContext[] = []
  let server: ServerProcess
  let browser: Browser
  let pages: PageServer
  let proxy: WebProxy

  beforeAll(async () => {
    pages = await servePage(await bundlePage())
    const env = { AUTH_SECRET: authSecret, ALLOWED_ORIGINS: pages.url, LOG_LEVEL: 'warn' }
    server = await startRoomServer(env)
    proxy = await startWebProxy(server)
    browser = await launchBrowser()
  })
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close()
  })
  afterAll(async () => {
    await browser?.close()
    await proxy?.[Symbol.asyncDispose]()
    await server?.stop()
    pages?.close()
  })

  const open = async (who: string, room: string): Promise<RoomPage> => {
    const context = await browser.newContext()
    contexts.push(context)
    const opened = await openPage(context, pages, { server: proxy.wsUrl, room, token: await tokenFor(who) })
    await opened.page.getByLabel('status', { exact: true }).waitFor({ timeout: 60_000 })
    return opened
  }
  const type = async ({ page }: RoomPage, text: string): Promise<void> => {
    await page.getByLabel('intro', { exact: true }).focus()
    await page.keyboard.press('End')
    await page.keyboard.type(text)
  }
  const reads = ({ read }: RoomPage, label: string, expected: string) =>
    waitUntil(
      async () => {
        const value = await read(label)
        if (value === expected) return true
        throw new Error(`it is ${JSON.stringify(value)}`)
      },
      { about: `${label} to read ${expected}`, timeoutMs: 30_000 }
    )
  const count = (start: string): number =>
    proxy.requests.filter((request) => request.startsWith(start)).length

  test('two people write on while it blocks WebSockets, and after; nothing is lost, and both are back', async () => {
    const [ana, ben] = [await open('ana', 'blocked'), await open('ben', 'blocked')]
    await type(ana, 'one')
    await reads(ben, 'intro', 'one')
    proxy.upgrades = 'refuse'
    proxy.cutSockets()
    await type(ana, ' two')
    await reads(ben, 'intro', 'one two')
    await type(ben, ' three')
    await reads(ana, 'intro', 'one two three')
    for (const person of [ana, ben]) await reads(person, 'status', 'saved')
    expect(count('GET /stream')).toBe(2)

    proxy.upgrades = 'pass'
    await waitUntil(() => proxy.sockets === 2 && count('DELETE /stream/') === 2, {
      about: 'both to be back on WebSockets',
      timeoutMs: 90_000
    })
    await type(ben, ' four')
    await reads(ana, 'intro', 'one two three four')
    for (const person of [ana, ben]) await reads(person, 'status', 'saved')
    await reads(ana, 'others', 'ben')
  })

  test('two people write where it blocks WebSockets and holds back what goes on for long', async () => {
    Object.assign(proxy, { upgrades: 'refuse', isBuffering: true })
    const [ana, ben] = [await open('ana', 'held-back'), await open('ben', 'held-back')]
    await type(ana, 'question')
    await reads(ben, 'intro', 'question')
    await type(ben, ' and answer')
    await reads(ana, 'intro', 'question and answer')
    for (const person of [ana, ben]) await reads(person, 'status', 'saved')
    Object.assign(proxy, { upgrades: 'pass', isBuffering: false })
  })
})
