import { inText, matches, type Rule } from './rule.ts'
import { isCode, type Source } from './source.ts'

const linesMax = 400

const isLockfile = ({ path }: Source): boolean => path === 'package-lock.json'

/** These files hold broken examples of each rule. */
const isOfTidy = ({ path }: Source): boolean => path.startsWith('test/tidy/')

const everywhere = (pattern: RegExp, message: string): Rule['check'] =>
  inText((source) => (isOfTidy(source) || isLockfile(source) ? [] : matches(source, pattern, message)))

const lengthRule = inText((source) => {
  const lines = source.text.split('\n').length - 1
  if (!isCode(source) || lines <= linesMax) return []
  return [{ at: 0, message: `${lines} lines > ${linesMax}; it is more than one file` }]
})

const bags = /(^|\/)(utils?|helpers?|common|shared|lib|core|misc|services?|managers?)(\/|\.tsx?$)/

const bagRule = inText(({ path }) =>
  bags.test(path) ? [{ at: 0, message: 'name it after what happens to the domain' }] : []
)

const nameRule = inText((source) =>
  isCode(source) && !/^([a-z0-9.-]+\/)*[a-z0-9]+([.-][a-z0-9]+)*$/.test(source.path)
    ? [{ at: 0, message: 'names of files are lower-case-with-dashes' }]
    : []
)

const lockfileRule = inText((source) =>
  isLockfile(source) ? matches(source, /"resolved":/, 'the lockfile names a registry; see .npmrc') : []
)

interface Lockfile {
  packages?: Record<string, { optionalDependencies?: Record<string, string> }>
}

/** `npm ci` refuses a lockfile without them, and a registry that lacks one of them makes npm write such a file. */
const platformsRule = inText((source) => {
  if (!isLockfile(source)) return []
  const { packages = {} }: Lockfile = JSON.parse(source.text)
  return Object.values(packages)
    .flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
    .filter((name) => !packages[`node_modules/${name}`])
    .map((name) => ({ at: 0, message: `${name} has no entry; write one with version, os, cpu and optional` }))
})

const registries =
  /\bnpmjs\.\w+|\bregistry=\S+|https?:\/\/[^\s"')]*\b(registry|jfrog|artifactory|verdaccio)\b[^\s"')]*/

export const textRules: readonly Rule[] = [
  {
    claim: `a file has ${linesMax} lines at most`,
    check: lengthRule,
    broken: [{ path: 'server/a.ts', text: 'run()\n'.repeat(linesMax + 1) }],
    kept: [
      { path: 'server/a.ts', text: 'run()\n'.repeat(linesMax) },
      { path: 'README.md', text: '\n'.repeat(linesMax + 1) }
    ]
  },
  {
    claim: 'no folder or file is a bag',
    check: bagRule,
    broken: [
      { path: 'server/utils/a.ts', text: '' },
      { path: 'client/apps/form/helpers.ts', text: '' }
    ],
    kept: [{ path: 'server/room/live-document.ts', text: '' }]
  },
  {
    claim: 'names of files are lower case with dashes',
    check: nameRule,
    broken: [{ path: 'client/apps/form/FormEditor.tsx', text: '' }],
    kept: [{ path: 'client/apps/form/form-editor.tsx', text: '' }]
  },
  {
    claim: 'nothing is left for later',
    check: everywhere(/\b(TODO|FIXME|XXX|HACK)\b/, 'do it or open an issue'),
    broken: [
      { path: 'server/a.ts', text: '// TODO: check the size' },
      { path: 'schema/sql/a.sql', text: '-- FIXME' }
    ],
    kept: [{ path: 'server/a.ts', text: '// what is to do here is said by its name' }]
  },
  {
    claim: 'no path of a machine is written down',
    check: everywhere(
      /(?<![\w.:/])\/(home|root|Users|tmp|srv|mnt)\/[\w.-]+/,
      'take the path from where it is known'
    ),
    broken: [
      { path: 'server/a.ts', text: `const folder = '/home/me/roomlog'` },
      { path: 'README.md', text: 'cd /home/me/roomlog' }
    ],
    kept: [
      { path: 'server/a.ts', text: `fetch('/api/rooms')` },
      { path: 'README.md', text: 'https://example.com/home/index.html' }
    ]
  },
  {
    claim: 'the lockfile names no registry',
    check: lockfileRule,
    broken: [{ path: 'package-lock.json', text: '"resolved": "https://example.com/yjs.tgz"' }],
    kept: [{ path: 'package-lock.json', text: '"integrity": "sha512-abc"' }]
  },
  {
    claim: 'the lockfile lists the packages of all platforms',
    check: platformsRule,
    broken: [
      {
        path: 'package-lock.json',
        text: '{"packages":{"node_modules/a":{"optionalDependencies":{"a-mac":"1.0.0"}}}}'
      }
    ],
    kept: [
      {
        path: 'package-lock.json',
        text: '{"packages":{"node_modules/a":{"optionalDependencies":{"b":"1.0.0"}},"node_modules/b":{}}}'
      }
    ]
  },
  {
    claim: 'no text names the host of a registry',
    check: everywhere(registries, 'packages come from wherever npm is set up to look'),
    broken: [{ path: 'README.md', text: 'npm config set registry https://registry.example.com/' }],
    kept: [{ path: 'server/metrics.ts', text: 'registry.metrics()' }]
  }
]
