import { can } from '../../../schema/access.ts'
import { form } from '../../../schema/kinds/form.ts'
import type { RosterEntry } from '../../index.ts'
import { useRoster } from './form-room.ts'

export type FormRole = (typeof form.roles)[number]
type Role = FormRole | 'admin'

interface RoleWords {
  readonly name: string
  /** `an owner` */
  readonly one: string
  readonly many: string
  /** What it may do, behind "you can" or "they can". */
  readonly may: string
}

export const roleWords: Readonly<Record<Role, RoleWords>> = {
  admin: { name: 'Operator', one: 'an operator', many: 'operators', may: 'change and share everything' },
  owner: { name: 'Owner', one: 'an owner', many: 'owners', may: 'change and share everything' },
  editor: { name: 'Editor', one: 'an editor', many: 'editors', may: 'change everything' },
  commenter: { name: 'Commenter', one: 'a commenter', many: 'commenters', may: 'read and comment' },
  respondent: { name: 'Respondent', one: 'a respondent', many: 'respondents', may: 'read and answer' },
  reader: { name: 'Reader', one: 'a reader', many: 'readers', may: 'read' }
}

export const isFormRole = (role: string): role is FormRole => form.roles.some((known) => known === role)

/** Those whom one may ask for rights. */
export const managersOf = (roster: readonly RosterEntry[]): readonly RosterEntry[] =>
  roster.filter(({ role, userId }) => can(form, { role, userId }, 'manage'))

const namedMax = 3

/** `Ines Duarte and Mara Keane`, or `Its owners` while nobody is known. */
export const askWhom = (roster: readonly RosterEntry[]): string => {
  const names = managersOf(roster).map(({ name }) => name)
  if (names.length === 0) return 'Its owners'
  const more = names.length - namedMax
  const shown = more > 0 ? [...names.slice(0, namedMax), more === 1 ? '1 more' : `${more} more`] : names
  return new Intl.ListFormat('en-GB').format(shown)
}

/** Whom to ask for rights, in words. */
export const useAskWhom = (): string => askWhom(useRoster())
