import { inject, type ProvidedContext } from 'vitest'
import { mustBeThere } from './must-be-there.ts'

/**
 * Why tests that need this are left out here, for `describe.skipIf(missing('redis'))`; undefined when it is there, and
 * when it must be there: then the tests run and fail.
 */
export const missing = (what: keyof ProvidedContext): string | undefined =>
  mustBeThere(what) ? undefined : inject(what).missing
