/** Opens the page of `main.tsx` in a browser, at the address of a server whether that runs or not. */
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { build } from 'vite'

export interface RoomPage {
  readonly page: Page
  /** What one of the page's fields and outputs holds. */
  read(label: string): Promise<string>
}

/** The page's script, bundled. */
export const bundlePage = async (): Promise<string> => {
  const built = await build({
    root: import.meta.dirname,
    logLevel: 'error',
    configFile: false,
    define: { 'process.env.NODE_ENV': '"development"' },
    build: { write: false, minify: false, rolldownOptions: { input: join(import.meta.dirname, 'main.tsx') } }
  })
  const outputs = Array.isArray(built) ? built : [built]
  for (const output of outputs) {
    if (!('output' in output)) continue
    for (const chunk of output.output) if (chunk.type === 'chunk') return chunk.code
  }
  throw new Error('the bundle has no script')
}

export const servePage = async (context: BrowserContext, script: string): Promise<void> => {
  const html =
    '<!doctype html><title>room</title><div id="root"></div><script type="module" src="/page.js"></script>'
  await context.route('**/page.html*', (route) => route.fulfill({ contentType: 'text/html', body: html }))
  await context.route('**/page.js', (route) =>
    route.fulfill({ contentType: 'text/javascript', body: script })
  )
}

export const openPage = async (
  context: BrowserContext,
  serverUrl: string,
  { room, token }: { room: string; token?: string }
): Promise<RoomPage> => {
  const page = await context.newPage()
  const search = new URLSearchParams(token === undefined ? { room } : { room, token })
  await page.goto(`${serverUrl}/page.html?${search}`)
  const read = (label: string) =>
    page
      .getByLabel(label, { exact: true })
      .evaluate((element) =>
        element instanceof HTMLInputElement || element instanceof HTMLTextAreaElement
          ? element.value
          : (element.textContent ?? '')
      )
  return { page, read }
}
