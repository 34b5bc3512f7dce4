import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { parseSync } from 'vite'

const root = join(import.meta.dirname, '../..')

/** A text file of the repository. */
export interface Source {
  /** From the root of the repository, with slashes. */
  readonly path: string
  readonly text: string
}

export interface Import {
  /** A file of ours from the root of the repository, or the name of a package. */
  readonly target: string
  readonly isOurs: boolean
  /** Only types are imported, so nothing is left of it when the program runs. */
  readonly isType: boolean
  readonly names: readonly string[]
  readonly at: number
}

/** A node of the syntax tree, as ESTree has it. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** A source with its syntax, for files of TypeScript and JavaScript. */
export interface Code extends Source {
  readonly imports: readonly Import[]
  readonly reexports: readonly Import[]
  readonly nodes: readonly Node[]
  readonly comments: readonly { readonly value: string; readonly start: number }[]
}

/** The files that people write, wherever they are in the repository. */
export const readProject = (): Source[] =>
  globSync(['*', '.ci/*', '{schema,server,client,test,bench,scripts,docs}/**/*'], {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => ['node_modules', 'dist', 'data', '.git'].includes(entry.name)
  })
    .filter((entry) => entry.isFile() && isText(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => ({
      path: path.slice(root.length + 1).replaceAll('\\', '/'),
      text: readFileSync(path, 'utf8')
    }))

const isText = (name: string): boolean => !/\.(png|jpe?g|webp|ico|woff2?|gz|zip|tsbuildinfo)$/.test(name)

export const isCode = ({ path }: Source): boolean => /\.(ts|tsx|mjs)$/.test(path)

/** @throws Error when the file is not valid TypeScript */
export const parse = ({ path, text }: Source): Code => {
  const { program, module, comments, errors } = parseSync(path, text)
  const [error] = errors
  if (error) throw new Error(`${path}: ${error.message}`)
  const statics = module.staticImports.map(({ moduleRequest, entries, start }) =>
    importOf(path, moduleRequest.value, start, {
      isType: entries.length > 0 && entries.every((entry) => entry.isType),
      names: entries.map((entry) => entry.importName.name ?? entry.importName.kind)
    })
  )
  const dynamics = module.dynamicImports.map(({ moduleRequest, start }) =>
    importOf(path, text.slice(moduleRequest.start + 1, moduleRequest.end - 1), start)
  )
  const reexports = module.staticExports.flatMap(({ entries, start }) =>
    entries.flatMap(({ moduleRequest, isType }) =>
      moduleRequest ? [importOf(path, moduleRequest.value, start, { isType, names: [] })] : []
    )
  )
  return {
    path,
    text,
    imports: [...statics, ...dynamics, ...reexports],
    reexports,
    comments,
    nodes: walk(program)
  }
}

export const lineOf = ({ text }: Source, at: number): number => text.slice(0, at).split('\n').length

const importOf = (
  path: string,
  specifier: string,
  at: number,
  { isType, names }: { isType: boolean; names: string[] } = { isType: false, names: [] }
): Import => {
  const isOurs = specifier.startsWith('.')
  const target = isOurs ? posix.join(dirname(path), specifier.replace(/\?.*$/, '')) : specifier
  return { target, isOurs, isType, names, at }
}

const walk = (start: unknown): Node[] => {
  const found: Node[] = []
  const waiting: unknown[] = [start]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    if (isNode(value)) found.push(value)
    waiting.push(...Object.values(value))
  }
  return found
}

const isNode = (value: object): value is Node => 'type' in value && typeof value.type === 'string'
