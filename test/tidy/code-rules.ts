import { inCode, type Rule } from './rule.ts'
import type { Code, Node } from './source.ts'

const functionLinesMax = 50

const isShipped = ({ path }: { path: string }): boolean =>
  /^(schema|server|client)\//.test(path) && !path.endsWith('vite.config.ts')

const isIdentifier = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && 'name' in value && value.name === name

const isMember = (node: Node, object: string, property?: string): boolean =>
  node.type === 'MemberExpression' &&
  isIdentifier(node.object, object) &&
  (property === undefined || isIdentifier(node.property, property))

const isCall = (node: Node, name: string): boolean =>
  node.type === 'CallExpression' && isIdentifier(node.callee, name)

const tell = (nodes: readonly Node[], message: string) => nodes.map(({ start }) => ({ at: start, message }))

const processRule = inCode((code) => {
  if (!isShipped(code) || /^server\/(main|config|clock)\.ts$/.test(code.path)) return []
  const uses = takesArgument(code, 'process') ? [] : code.nodes.filter((node) => isMember(node, 'process'))
  const imports = code.imports.filter(({ target }) => /^(node:)?process$/.test(target))
  const message = 'only main.ts, config.ts and clock.ts of the server ask the process; take it as an argument'
  return [...tell(uses, message), ...imports.map(({ at }) => ({ at, message }))]
})

/** Whether a function in this file has an argument of that name, by itself or as part of an object. */
const takesArgument = ({ nodes }: Code, name: string): boolean =>
  nodes
    .filter(isFunction)
    .some(({ params }) =>
      (params as Node[]).some(
        (param) =>
          isIdentifier(param, name) ||
          (param.type === 'ObjectPattern' &&
            (param.properties as Node[]).some(({ value }) => isIdentifier(value, name)))
      )
    )

const randomNames = ['randomUUID', 'randomBytes', 'randomInt', 'getRandomValues']

const asksTheMachine = (node: Node): boolean =>
  isMember(node, 'Date', 'now') ||
  isMember(node, 'Math', 'random') ||
  isMember(node, 'performance', 'now') ||
  ['setTimeout', 'setInterval', ...randomNames].some((name) => isCall(node, name)) ||
  randomNames.some((name) => isMember(node, 'crypto', name)) ||
  (node.type === 'NewExpression' && isIdentifier(node.callee, 'Date') && isEmpty(node.arguments))

const clockRule = inCode((code) => {
  if (!isShipped(code) || /^(schema|server|client)\/clock\.ts$/.test(code.path)) return []
  const message = 'time and randomness come from schema/clock.ts, server/clock.ts or client/clock.ts'
  const timers = code.imports.filter(({ target }) => /^(node:)?timers/.test(target))
  return [...tell(code.nodes.filter(asksTheMachine), message), ...timers.map(({ at }) => ({ at, message }))]
})

const consoleRule = inCode((code) =>
  isShipped(code)
    ? tell(
        code.nodes.filter((node) => isMember(node, 'console')),
        'the server logs with server/log.ts, the client tells its caller'
      )
    : []
)

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0

const isEmptyFunction = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null || !('body' in value)) return false
  const { body } = value
  return typeof body === 'object' && body !== null && 'body' in body && isEmpty(body.body)
}

/** `.catch(() => {})` and, in what we ship, `.on('error', () => {})`. */
const isDeafListener = (node: Node, { path }: Code): boolean => {
  if (node.type !== 'CallExpression') return false
  const callee = node.callee as Node
  const [first, second] = node.arguments as Node[]
  if (callee.type !== 'MemberExpression') return false
  if (isIdentifier(callee.property, 'catch')) return isEmptyFunction(first)
  return isShipped({ path }) && first?.value === 'error' && isEmptyFunction(second)
}

const catchRule = inCode((code) =>
  tell(
    code.nodes.filter(
      (node) => (node.type === 'CatchClause' && isEmptyFunction(node)) || isDeafListener(node, code)
    ),
    'an error is translated, retried or logged, never swallowed'
  )
)

const anyRule = inCode((code) =>
  tell(
    code.nodes.filter(({ type }) => type === 'TSAnyKeyword'),
    'name the type, or take unknown'
  )
)

const testFunctions = ['test', 'it', 'describe', 'suite']

const focusRule = inCode((code) =>
  tell(
    code.nodes.filter((node) =>
      testFunctions.some((name) =>
        ['only', 'skip', 'todo', 'fails'].some((mode) => isMember(node, name, mode))
      )
    ),
    'every test runs; one that needs what may be missing says so with skipIf'
  )
)

const silencingRule = inCode(({ comments }) =>
  comments
    .filter(({ value }) => /@ts-(ignore|nocheck)/.test(value))
    .map(({ start }) => ({ at: start, message: 'mend the type; a test of types may use @ts-expect-error' }))
)

const isFunction = ({ type, body }: Node): boolean => /Function/.test(type) && Boolean(body)

/** The lines of a function without the lines of the functions in it, so a factory of small functions is short. */
const lengthRule = inCode((code) => {
  if (/\.test\.tsx?$/.test(code.path)) return []
  const functions = code.nodes.filter(isFunction).sort((a, b) => a.start - b.start)
  const linesIn = ({ start, end }: Node): number => code.text.slice(start, end).split('\n').length
  return functions.flatMap((whole) => {
    const inner = functions.filter((other) => other !== whole && isWithin(other, whole))
    const outermost = inner.filter((one) => !inner.some((other) => other !== one && isWithin(one, other)))
    const own = linesIn(whole) - outermost.reduce((sum, one) => sum + linesIn(one) - 1, 0)
    return own > functionLinesMax
      ? [{ at: whole.start, message: `a function of ${own} lines > ${functionLinesMax}; name its parts` }]
      : []
  })
})

const isWithin = (inner: Node, outer: Node): boolean => inner.start >= outer.start && inner.end <= outer.end

const bannerRule = inCode(({ comments }) =>
  comments
    .filter(({ value }) => /^[\s*]*[-=*#~]{4,}/m.test(value))
    .map(({ start }) => ({ at: start, message: 'a file that needs banners is two files' }))
)

export const codeRules: readonly Rule[] = [
  {
    claim: 'only the entry, the configuration and the clock of the server ask the process',
    check: processRule,
    broken: [
      { path: 'server/log.ts', text: 'const level = process.env.LOG_LEVEL' },
      { path: 'client/a.ts', text: 'process.exit(1)' },
      { path: 'server/a.ts', text: `import { env } from 'node:process'` }
    ],
    kept: [
      { path: 'server/main.ts', text: 'process.exit(1)' },
      { path: 'server/start.ts', text: 'const start = ({ process }) => process.memoryUsage()' },
      { path: 'server/config.ts', text: 'const { PORT } = process.env' },
      { path: 'server/a.ts', text: `const about = 'process.env is read in config.ts'` },
      { path: 'test/a.test.ts', text: 'process.env.CI' }
    ]
  },
  {
    claim: 'time and randomness come from the clocks',
    check: clockRule,
    broken: [
      { path: 'server/a.ts', text: 'const at = Date.now()' },
      { path: 'server/a.ts', text: 'const at = new Date()' },
      { path: 'server/a.ts', text: 'const jitter = Math.random()' },
      { path: 'client/a.ts', text: 'setTimeout(run, 1)' },
      { path: 'client/apps/a.ts', text: 'setInterval(run, 1)' },
      { path: 'schema/a.ts', text: 'performance.now()' },
      { path: 'server/a.ts', text: `import { setTimeout as sleep } from 'node:timers/promises'` },
      { path: 'client/a.ts', text: 'crypto.randomUUID()' }
    ],
    kept: [
      { path: 'schema/clock.ts', text: 'Date.now()' },
      { path: 'server/clock.ts', text: 'Date.now()' },
      { path: 'client/clock.ts', text: 'setTimeout(run, 1)' },
      { path: 'server/a.ts', text: 'new Date(milliseconds)' },
      { path: 'test/a.ts', text: 'Date.now()' }
    ]
  },
  {
    claim: 'nothing we ship writes to the console',
    check: consoleRule,
    broken: [{ path: 'server/main.ts', text: `console.log('started')` }],
    kept: [{ path: 'bench/run.ts', text: `console.log('started')` }]
  },
  {
    claim: 'no error is swallowed',
    check: catchRule,
    broken: [
      { path: 'server/a.ts', text: 'try { run() } catch {}' },
      { path: 'test/a.ts', text: 'try { run() } catch (error) { /* never mind */ }' },
      { path: 'client/a.ts', text: 'run().catch(() => {})' },
      { path: 'server/a.ts', text: `redis.on('error', () => {})` }
    ],
    kept: [
      { path: 'server/a.ts', text: 'try { run() } catch (error) { log.error(error) }' },
      { path: 'server/a.ts', text: 'run().catch((error) => log.error(error))' }
    ]
  },
  {
    claim: 'no type is given up with any',
    check: anyRule,
    broken: [{ path: 'server/a.ts', text: 'const row: any = read()' }],
    kept: [{ path: 'server/a.ts', text: `const any = 'any'` }]
  },
  {
    claim: 'no test is left out or preferred',
    check: focusRule,
    broken: [
      { path: 'test/a.test.ts', text: `test.only('one', () => {})` },
      { path: 'test/a.test.ts', text: `describe.skip('all', () => {})` }
    ],
    kept: [{ path: 'test/a.test.ts', text: `describe.skipIf(missing('redis'))('two nodes', () => {})` }]
  },
  {
    claim: 'no error of the type checker is silenced',
    check: silencingRule,
    broken: [{ path: 'server/a.ts', text: '// @ts-ignore\nrun()' }],
    kept: [{ path: 'test/types.test.ts', text: '// @ts-expect-error a string is not a number\nrun()' }]
  },
  {
    claim: `a function has ${functionLinesMax} lines at most`,
    check: lengthRule,
    broken: [
      { path: 'server/a.ts', text: `const long = () => {\n${'  run()\n'.repeat(functionLinesMax)}}` },
      {
        path: 'server/a.ts',
        text: `const make = () => {\n  const long = () => {\n${'run()\n'.repeat(60)}}\n}`
      }
    ],
    kept: [
      {
        path: 'server/a.ts',
        text: `const make = () => {\n${'  const a = () => {\n    run()\n  }\n'.repeat(40)}}`
      }
    ]
  },
  {
    claim: 'no comment is a banner',
    check: bannerRule,
    broken: [{ path: 'server/a.ts', text: '// ------ helpers ------' }],
    kept: [{ path: 'server/a.ts', text: '// session --frame--> guard' }]
  }
]
