import { defineConfig } from 'vitest/config'

const tidy = 'test/tidy.test.ts'

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 90_000,
    // Children of a test are ended with the process that runs it, so that must be a process, not a thread.
    pool: 'forks',
    // Much of the time goes by waiting for servers and pages: two at once, also where there are two cores.
    maxWorkers: 2,
    // A page on a machine that others use now and then misses a moment: once more, before that counts as a failure.
    retry: 2,
    projects: [
      { extends: true, test: { name: 'tidy', include: [tidy] } },
      {
        extends: true,
        test: {
          name: 'suites',
          include: ['test/**/*.test.ts', 'test/**/*.test.tsx'],
          exclude: [tidy],
          globalSetup: 'test/support/global-setup.ts'
        }
      }
    ]
  }
})
