import { inject } from 'vitest'

/**
 * Why tests that need this are left out here, for `describe.skipIf(missing('redis'))`; undefined when it is there.
 *
 * With CI set nothing may be left out, so the tests run and fail; only the shared data may be missing there too.
 */
export const missing = (what: 'postgres' | 'redis' | 'chromium' | 'shared data'): string | undefined =>
  process.env.CI && what !== 'shared data' ? undefined : inject(what).missing
