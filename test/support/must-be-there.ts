import type { ProvidedContext } from 'vitest'

/** With CI set nothing may be left out, except what needs the shared data, which not every clone has beside it. */
export const mustBeThere = (what: keyof ProvidedContext): boolean =>
  Boolean(process.env.CI) && what !== 'shared data'
