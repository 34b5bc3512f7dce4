import { describe, expect, test } from 'vitest'
import { codeRules } from './tidy/code-rules.ts'
import { importRules } from './tidy/import-rules.ts'
import { readProject } from './tidy/source.ts'
import { textRules } from './tidy/text-rules.ts'

const project = readProject()

describe.each([...importRules, ...codeRules, ...textRules])('$claim', ({ check, broken, kept }) => {
  test('in the whole repository', () => {
    expect(check(project)).toEqual([])
  })

  test.each(broken)('and a violation in $path is reported', (source) => {
    expect(check([source])).toHaveLength(1)
  })

  test.each(kept)('and $path, which keeps it, is not', (source) => {
    expect(check([source])).toEqual([])
  })
})

test('the repository that is looked at is this one', () => {
  expect(project.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['package.json', 'schema/room-name.ts', 'server/clock.ts', 'test/tidy.test.ts'])
  )
})
