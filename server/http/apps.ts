import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { getMimeType } from 'hono/utils/mime'
import type { Api, ApiContext, ApiParts } from './api.ts'

/** No segment begins with a dot or is encoded: whatever matches is within the folder, and nothing hidden. */
const filePath = /^(\/[\w-][\w.-]*)+$/

/** The build names these after their content: what is behind such a name never changes. */
const hashedName = /^\/assets\/.+-[\w-]{8,}\.\w+$/

/** What is behind these is never a place within an app. */
const notForPages = /^\/(api|ws|y|stream|assets|healthz|readyz|metrics)(\/|$)/

/**
 * Serves the built apps. An address without a file is a place within an app, and its page finds out which:
 * `/form/42` is answered by the page of `form` if that has one, else by the one at the root.
 */
export const addApps = (api: Api, { appsFolder }: ApiParts): void => {
  if (appsFolder === null) return
  const compress = createCompressor()
  api.get('/*', async (c) => {
    for (const path of candidates(c)) {
      const file = await findFile(appsFolder, path)
      if (file) return serve(c, file, compress)
    }
    return c.req.path === '/' ? c.text(notBuilt) : c.notFound()
  })
}

const notBuilt = `The apps are not built: run "npm run build".\nThe API is at /api.\n`

/** Where to look, in this order. */
const candidates = (c: ApiContext): string[] => {
  const { path } = c.req
  if (path === '/') return ['/index.html']
  const file = path.includes('.') ? [path] : []
  const isForPage = !notForPages.test(path) && c.req.header('accept')?.includes('text/html')
  const pages = isForPage ? [`/${path.split('/')[1]}/index.html`, '/index.html'] : []
  return [...file, ...pages].filter((each) => filePath.test(each))
}

interface AppFile {
  /** Below the folder of the apps. */
  readonly path: string
  readonly location: string
  readonly etag: string
}

const findFile = async (folder: string, path: string): Promise<AppFile | null> => {
  const location = join(folder, path)
  try {
    const found = await stat(location)
    if (!found.isFile()) return null
    const etag = `W/"${found.size.toString(36)}-${Math.floor(found.mtimeMs).toString(36)}"`
    return { path, location, etag }
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'ENAMETOOLONG')

const serve = async (c: ApiContext, file: AppFile, compress: Compress): Promise<Response> => {
  const type = getMimeType(file.path) ?? 'application/octet-stream'
  const headers: Record<string, string> = {
    'content-type': type,
    'cache-control': hashedName.test(file.path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag: file.etag,
    vary: 'accept-encoding'
  }
  if (c.req.header('if-none-match')?.includes(file.etag)) return c.body(null, 304, headers)
  const content = await readFile(file.location)
  if (type.startsWith('text/html')) headers['content-security-policy'] = policyOf(content.toString())
  if (!compressible.test(type) || !c.req.header('accept-encoding')?.includes('gzip')) {
    return c.body(Uint8Array.from(content), 200, headers)
  }
  headers['content-encoding'] = 'gzip'
  return c.body(Uint8Array.from(await compress(file, content)), 200, headers)
}

const compressible = /^(text\/|application\/(javascript|json|manifest)|image\/svg)/

type Compress = (file: AppFile, content: Uint8Array) => Promise<Uint8Array>

/** Remembers what never changes, so that a crowd of new visitors costs no more than one. */
const createCompressor = (): Compress => {
  const compressed = new Map<string, Uint8Array>()
  return async ({ path, etag }, content) => {
    const key = `${path} ${etag}`
    const known = compressed.get(key)
    if (known) return known
    const bytes = await compressBytes(content)
    if (compressed.size >= compressedMax) compressed.clear()
    if (hashedName.test(path)) compressed.set(key, bytes)
    return bytes
  }
}

const compressBytes = promisify(gzip)
const compressedMax = 100

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
