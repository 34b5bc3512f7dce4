/** Serves the page of `main.tsx` from an address of its own, so that it can be opened while the server is away. */
import { createServer } from 'node:http'
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

export interface PageServer {
  readonly url: string
  close(): void
}

export const servePage = async (script: string): Promise<PageServer> => {
  const html =
    '<!doctype html><title>room</title><div id="root"></div><script type="module" src="/page.js"></script>'
  const server = createServer(({ url }, response) => {
    const isScript = url === '/page.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
    response.end(isScript ? script : html)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error(`the page is served at ${address}`)
  return { url: `http://127.0.0.1:${address.port}`, close: () => server.close() }
}

export interface Visit {
  /** Address of the rooms' server. */
  readonly server: string
  readonly room: string
  readonly token: string
}

export const pageAddress = (pages: PageServer, visit: Visit): string =>
  `${pages.url}/?${new URLSearchParams({ ...visit })}`

export const openPage = async (
  context: BrowserContext,
  pages: PageServer,
  visit: Visit
): Promise<RoomPage> => {
  const page = await context.newPage()
  await page.goto(pageAddress(pages, visit))
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
