import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { launchBrowser } from './chromium.ts'
import { missing } from './missing.ts'

describe.skipIf(missing('chromium'))('the browser', () => {
  test('shows a page over HTTP, with crypto, IndexedDB and two people apart', async () => {
    const server = createServer((_request, response) =>
      response
        .setHeader('content-type', 'text/html; charset=utf-8')
        .end('<title>page</title><p>héllo 🙂</p><textarea>a font of the system</textarea>')
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const browser = await launchBrowser()
    try {
      const [one, other] = await Promise.all([browser.newContext(), browser.newContext()])
      const [page, elsewhere] = await Promise.all([one.newPage(), other.newPage()])
      await Promise.all([page.goto(`http://127.0.0.1:${port}/`), elsewhere.goto(`http://127.0.0.1:${port}/`)])
      expect(await page.locator('p').textContent()).toBe('héllo 🙂')
      expect(await page.evaluate(() => typeof crypto.subtle.digest)).toBe('function')
      expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0)
      await page.evaluate(() => localStorage.setItem('who', 'one'))
      expect(await elsewhere.evaluate(() => localStorage.getItem('who'))).toBeNull()
      expect((await page.screenshot()).byteLength).toBeGreaterThan(1_000)
    } finally {
      await browser.close()
      server.close()
    }
  })
})
