import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { describeSettings } from '../server/config.ts'
import { loadKinds } from '../server/kinds.ts'
import { startServer } from './support/server.ts'

const root = join(import.meta.dirname, '..')
const readme = await readFile(join(root, 'README.md'), 'utf8')
const run = promisify(execFile)

const codeBlocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code = '']) => code)

test('the first example of the README writes what it says into the log', async () => {
  // Inside the repository, so that its imports are found as a user's would be.
  const folder = await mkdtemp(join(root, 'node_modules/.readme-'))
  await using server = await startServer({ dataDir: join(folder, 'data') })
  const [code = ''] = codeBlocks('ts')
  const program = stripTypeScriptTypes(code).replace('ws://127.0.0.1:8080', server.wsUrl)
  await writeFile(join(folder, 'example.mjs'), program)
  const { stdout } = await run(process.execPath, [join(folder, 'example.mjs')], { timeout: 20_000 })
  expect(stdout).toContain('in Postgres: Once upon a time.')

  const view = await fetch(`${server.url}/api/rooms/document%2Fhello/view`)
  expect(await view.json()).toEqual({ seq: 1, epoch: 1, data: { story: 'Once upon a time. ' } })
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the example of the SDK in the README is committed when it says so', async () => {
  const folder = await mkdtemp(join(root, 'node_modules/.readme-'))
  await using server = await startServer({ dataDir: join(folder, 'data') })
  const code = codeBlocks('ts').find((block) => block.includes('createClient(')) ?? ''
  const program = stripTypeScriptTypes(code)
    .replace('ws://127.0.0.1:8080', server.wsUrl)
    .replaceAll(/'\.\/(client|schema)\//g, `'${root}/$1/`)
  await writeFile(join(folder, 'example.mjs'), program)
  const { stdout } = await run(process.execPath, [join(folder, 'example.mjs')], { timeout: 20_000 })
  expect(stdout).toMatch(/in Postgres up to entry \d+ When can you come\?/)
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

test('the kind of the README can be loaded as it stands there', async () => {
  const code = codeBlocks('ts').find((block) => block.includes('defineRoom(')) ?? ''
  const folder = await mkdtemp(join(root, 'node_modules/.readme-'))
  await writeFile(
    join(folder, 'kinds.mjs'),
    stripTypeScriptTypes(code).replaceAll("'./schema/", `'${root}/schema/`)
  )
  const kinds = await loadKinds(join(folder, 'kinds.mjs'))
  expect(kinds.get('poll')?.roles).toEqual(['owner', 'voter', 'reader'])
  await rm(folder, { recursive: true, force: true })
})

test('the README lists the settings that there are', () => {
  const [, listed = ''] = /<!-- settings -->\n([\s\S]*?)\n<!-- \/settings -->/.exec(readme) ?? []
  expect(listed.trim()).toBe(describeSettings().trim())
})

test('every test that the README names for a promise exists and names the promise', async () => {
  const rows = [...readme.matchAll(/^\| (G\d+) \|.*\| (.*) \|$/gm)]
  expect(rows.length).toBeGreaterThan(0)
  for (const [, id = '', files = ''] of rows) {
    for (const [, file = ''] of files.matchAll(/`([^`]+)`/g)) {
      expect(await readFile(join(root, file), 'utf8'), `${file} names ${id}`).toContain(id)
    }
  }
})
