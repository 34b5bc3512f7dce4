import { inCode, parsed, type Rule } from './rule.ts'
import { type Code, type Import, isCode, type Source } from './source.ts'

/** What a folder may import of ours besides itself; the longest name that fits a file counts. */
const mayImport: Record<string, readonly string[]> = {
  schema: [],
  server: ['schema'],
  client: ['schema'],
  'client/react': ['client', 'schema'],
  'client/apps': ['client', 'client/react', 'schema'],
  scripts: []
}

/** Where a package may be imported in what we ship; tests and benchmarks may import anything. */
const packagesOnlyIn: readonly { packages: RegExp; folders: RegExp; why: string }[] = [
  {
    packages: /^(postgres|@electric-sql\/pglite(\/.*)?)$/,
    folders: /^server\/database\//,
    why: 'SQL drivers belong behind server/database'
  },
  { packages: /^ioredis$/, folders: /^server\/cluster\//, why: 'Redis belongs behind server/cluster' },
  {
    packages: /^react(-dom)?(\/.*)?$/,
    folders: /^client\/(react|apps)\//,
    why: 'the client is usable without React'
  },
  {
    packages: /^node:/,
    folders: /^(server|scripts)\/|vite(st)?\.config\.ts$/,
    why: 'this runs in browsers, which have no Node'
  }
]

const isFree = ({ path }: Source): boolean => /^(test|bench)\//.test(path)

const homeOf = (path: string): string | undefined =>
  Object.keys(mayImport)
    .filter((folder) => path.startsWith(`${folder}/`))
    .sort((a, b) => b.length - a.length)[0]

const foldersRule = inCode((code) => {
  const home = homeOf(code.path)
  if (isFree(code) || home === undefined) return []
  const allowed = mayImport[home] ?? []
  return code.imports.flatMap(({ isOurs, target, at }) => {
    const other = homeOf(target) ?? target
    if (!isOurs || other === home || allowed.includes(other)) return []
    return [{ at, message: `${home} may import ${allowed.join(', ') || 'nothing of ours'}, not ${target}` }]
  })
})

const packagesRule = inCode((code) => {
  if (isFree(code)) return []
  return code.imports.flatMap(({ target, isOurs, at }) =>
    packagesOnlyIn
      .filter(({ packages, folders }) => !isOurs && packages.test(target) && !folders.test(code.path))
      .map(({ why }) => ({ at, message: `${target} may not be imported here: ${why}` }))
  )
})

const mayReexport = /^client\/(react\/)?index\.ts$/

const reexportRule = inCode((code) =>
  mayReexport.test(code.path)
    ? []
    : code.reexports.map(({ at, target }) => ({
        at,
        message: `import from ${target} itself instead of re-exporting it`
      }))
)

const mayExportDefault = /(^|\/)vite(st)?\.config\.ts$/

const defaultExportRule = inCode((code) =>
  mayExportDefault.test(code.path)
    ? []
    : code.nodes
        .filter(({ type }) => type === 'ExportDefaultDeclaration')
        .map(({ start }) => ({ at: start, message: 'export it by its name' }))
)

/** Follows what is left of the imports when the program runs; each circle is told once. */
const cycleRule = (sources: readonly Source[]): string[] => {
  const files = new Map(sources.filter(isCode).map((source) => [source.path, parsed(source)]))
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const since = trail.indexOf(path)
    if (since >= 0)
      found.push(`${path}:1: a circle of imports: ${[...trail.slice(since), path].join(' -> ')}`)
    if (since >= 0 || done.has(path)) return
    for (const next of runtimeImports(files.get(path))) visit(next.target, [...trail, path])
    done.add(path)
  }
  for (const path of files.keys()) visit(path, [])
  return found
}

const runtimeImports = (code: Code | undefined): Import[] =>
  code?.imports.filter(({ isOurs, isType }) => isOurs && !isType) ?? []

export const importRules: readonly Rule[] = [
  {
    claim: 'a folder imports only the folders it may',
    check: foldersRule,
    broken: [
      { path: 'schema/a.ts', text: `import { now } from '../server/clock.ts'` },
      { path: 'server/a.ts', text: `import type { Room } from '../client/room.ts'` },
      { path: 'client/a.ts', text: `const { start } = await import('../server/start.ts')` },
      { path: 'client/a.ts', text: `export { useRoom } from './react/use-room.ts'` },
      { path: 'client/react/a.ts', text: `import { App } from '../apps/form/app.tsx'` },
      { path: 'client/apps/form/a.tsx', text: `import { start } from '../../../server/start.ts'` },
      { path: 'server/a.ts', text: `import { freePort } from '../test/support/ports.ts'` }
    ],
    kept: [
      { path: 'server/a.ts', text: `import { parseRoomName } from '../schema/room-name.ts'` },
      { path: 'client/apps/form/a.tsx', text: `import { useRoom } from '../../react/index.ts'` },
      { path: 'client/apps/form/b.tsx', text: `import { now } from '../../clock.ts'` },
      { path: 'test/a.test.ts', text: `import { start } from '../server/start.ts'` },
      { path: 'bench/a.ts', text: `import { startPostgres } from '../test/support/postgres.ts'` }
    ]
  },
  {
    claim: 'a package with one home is imported only there',
    check: packagesRule,
    broken: [
      { path: 'server/log/a.ts', text: `import postgres from 'postgres'` },
      { path: 'server/http/a.ts', text: `const { PGlite } = await import('@electric-sql/pglite')` },
      { path: 'server/room/a.ts', text: `import { Redis } from 'ioredis'` },
      { path: 'client/a.ts', text: `import { useState } from 'react'` },
      { path: 'client/a.ts', text: `import { join } from 'node:path'` },
      { path: 'schema/a.ts', text: `import { createHash } from 'node:crypto'` }
    ],
    kept: [
      { path: 'server/database/a.ts', text: `import postgres from 'postgres'` },
      { path: 'server/cluster/a.ts', text: `import { Redis } from 'ioredis'` },
      { path: 'client/react/a.ts', text: `import { useState } from 'react'` },
      { path: 'server/a.ts', text: `import { join } from 'node:path'` },
      { path: 'test/a.ts', text: `import postgres from 'postgres'` }
    ]
  },
  {
    claim: 'only the public surface of the client re-exports',
    check: reexportRule,
    broken: [
      { path: 'server/log/index.ts', text: `export * from './room-log.ts'` },
      { path: 'schema/a.ts', text: `export type { Seq } from './room-name.ts'` }
    ],
    kept: [
      { path: 'client/index.ts', text: `export { createClient } from './client.ts'` },
      { path: 'client/react/index.ts', text: `export * from './use-room.ts'` },
      { path: 'server/a.ts', text: 'export const one = 1' }
    ]
  },
  {
    claim: 'exports have names',
    check: defaultExportRule,
    broken: [{ path: 'client/apps/form/app.tsx', text: 'export default function App() { return <p /> }' }],
    kept: [{ path: 'client/apps/vite.config.ts', text: 'export default {}' }]
  },
  {
    claim: 'no imports go in a circle',
    check: cycleRule,
    broken: [{ path: 'server/a.ts', text: `import { a } from './a.ts'` }],
    kept: [{ path: 'server/a.ts', text: `import type { A } from './a.ts'` }]
  }
]
