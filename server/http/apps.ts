import { createHash } from 'node:crypto'
import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { getMimeType } from 'hono/utils/mime'
import type { Api, ApiContext, ApiParts } from './api.ts'

interface StaticFile {
  readonly path: string
  readonly contentType: string
  readonly cacheControl: string
  readonly etag: string
  /** Of a page only. */
  readonly policy: string | null
  /** Its content as gzip, from when it was first asked for. */
  compressed: Uint8Array | null
}

/** The build names these after their content: what is behind such a name never changes. */
const hashedName = /^\/assets\/.+-[\w-]{8,}\.\w+$/

/** What is behind these is never a place within an app. */
const notForPages = /^\/(api|ws|y|stream|assets|healthz|readyz|metrics)(\/|$)/

/**
 * Serves the built apps. Only files that the build left there are served, each by its exact path, so no path leads
 * anywhere else. An address without a file is a place within an app: its page finds out which.
 */
export const addApps = (api: Api, { appsFolder }: ApiParts): void => {
  const listed = appsFolder === null ? () => new Map<string, StaticFile>() : watchFiles(appsFolder)
  api.get('/*', async (c) => {
    const files = listed()
    const file = files.get(c.req.path === '/' ? '/index.html' : c.req.path) ?? findPage(files, c)
    if (file) return serve(c, file)
    if (appsFolder !== null && files.size === 0 && c.req.path === '/') return c.text(notBuilt)
    return c.notFound()
  })
}

const notBuilt = `The apps are not built: run "npm run build" and start again.\nThe API is at /api.\n`

/** Lists again after a build, which writes the page last. */
const watchFiles = (folder: string): (() => ReadonlyMap<string, StaticFile>) => {
  let builtAt = 0
  let files: ReadonlyMap<string, StaticFile> = new Map()
  return () => {
    const page = statSync(join(folder, 'index.html'), { throwIfNoEntry: false })
    if (page?.mtimeMs !== builtAt) files = listFiles(folder)
    builtAt = page?.mtimeMs ?? 0
    return files
  }
}

const listFiles = (folder: string): Map<string, StaticFile> => {
  if (!existsSync(folder)) return new Map()
  const isFile = (entry: Dirent): boolean => entry.isFile() && !entry.name.startsWith('.')
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(isFile)
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        const url = `/${relative(folder, path).split(sep).join('/')}`
        return [url, describeFile(url, path)]
      })
  )
}

const describeFile = (url: string, path: string): StaticFile => {
  const { size, mtimeMs } = statSync(path)
  return {
    path,
    contentType: getMimeType(url) ?? 'application/octet-stream',
    cacheControl: hashedName.test(url) ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: `W/"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`,
    policy: url.endsWith('.html') ? policyOf(readFileSync(path, 'utf8')) : null,
    compressed: null
  }
}

/** The page may run the scripts of the build, and those that stand in it; nothing that a document brings along. */
const policyOf = (html: string): string => {
  const inline = [...html.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, script = '']) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`
  )
  return [
    `default-src 'self'`,
    `script-src ${[`'self'`, ...inline].join(' ')}`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob: https:`,
    `font-src 'self' data:`,
    `connect-src 'self' ws: wss:`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`
  ].join('; ')
}

/** `/form/42` is a place in the app `form` if that has a page of its own, else in the app at the root. */
const findPage = (files: ReadonlyMap<string, StaticFile>, c: ApiContext): StaticFile | null => {
  const segments = c.req.path.split('/')
  if (notForPages.test(c.req.path)) return null
  if (segments.at(-1)?.includes('.') || !c.req.header('accept')?.includes('text/html')) return null
  return files.get(`/${segments[1]}/index.html`) ?? files.get('/index.html') ?? null
}

const serve = async (c: ApiContext, file: StaticFile): Promise<Response> => {
  const headers: Record<string, string> = {
    'content-type': file.contentType,
    'cache-control': file.cacheControl,
    etag: file.etag,
    vary: 'accept-encoding'
  }
  if (file.policy !== null) headers['content-security-policy'] = file.policy
  if (c.req.header('if-none-match')?.includes(file.etag)) return c.body(null, 304, headers)
  if (!compressible.test(file.contentType) || !c.req.header('accept-encoding')?.includes('gzip')) {
    return c.body(Uint8Array.from(await readFile(file.path)), 200, headers)
  }
  const bytes = file.compressed ?? (await compress(await readFile(file.path)))
  file.compressed = bytes
  return c.body(Uint8Array.from(bytes), 200, { ...headers, 'content-encoding': 'gzip' })
}

const compress = promisify(gzip)
const compressible = /^(text\/|application\/(javascript|json|manifest)|image\/svg)/
