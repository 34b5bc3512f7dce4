/**
 * Who reads and writes what of a wedding day: ten roles by nine sections, and every kind of the timeline gets its access
 * from this one table.
 *
 * - `write`  reads and writes all of it
 * - `post`   reads all of it, and adds what is theirs
 * - `read`   reads all of it
 * - `own`    reads and writes what is theirs, in a room that is theirs alone
 * - `named`  nothing, unless the couple names them
 * - `none`   nothing
 *
 * Reading is by room: what everybody reads stands in the timeline itself, every other section in a room beside it.
 */
export const timelineRoles = [
  'couple',
  'coordinator',
  'planner',
  'officiant',
  'photographer',
  'caterer',
  'florist',
  'musician',
  'family',
  'guest'
] as const
export type TimelineRole = (typeof timelineRoles)[number]

export const sections = [
  'timeline',
  'guests',
  'vendors',
  'budget',
  'seating',
  'tasks',
  'messages',
  'ceremony',
  'emergency'
] as const
export type Section = (typeof sections)[number]

export type Right = 'write' | 'post' | 'read' | 'own' | 'named' | 'none'

const n = 'none'

// biome-ignore format: it is read as a table
const table = [
  //                timeline  guests    vendors   budget    seating   tasks     messages  ceremony  emergency
  ['couple',        'write',  'write',  'write',  'write',  'write',  'write',  'write',  'write',  'write'],
  ['coordinator',   'write',  'write',  'write',  'read',   'write',  'write',  'write',  'named',  'write'],
  ['planner',       'write',  'write',  'write',  'write',  'write',  'write',  'write',  'named',  'write'],
  ['officiant',     'post',   n,        'own',    n,        'read',   'own',    'post',   'named',  'post'],
  ['photographer',  'post',   n,        'own',    n,        'read',   'own',    'post',   'named',  'post'],
  ['caterer',       'post',   'read',   'own',    n,        'read',   'own',    'post',   'named',  'post'],
  ['florist',       'post',   n,        'own',    n,        'read',   'own',    'post',   'named',  'post'],
  ['musician',      'post',   n,        'own',    n,        'read',   'own',    'post',   'named',  'post'],
  ['family',        'read',   'read',   n,        n,        'write',  'own',    'post',   'named',  'post'],
  ['guest',         'read',   'own',    n,        n,        'read',   n,        'read',   'named',  'read']
] as const satisfies readonly (readonly [TimelineRole, ...Right[]])[]

export const rightTo = (role: TimelineRole, section: Section): Right => {
  const row = table.find(([name]) => name === role)
  const [, ...cells] = row ?? [role]
  return cells[sections.indexOf(section)] ?? 'none'
}

/** The roles with one of these rights to a section. */
export const rolesWith = (section: Section, ...rights: readonly Right[]): readonly TimelineRole[] =>
  timelineRoles.filter((role) => rights.includes(rightTo(role, section)))
