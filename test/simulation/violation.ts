/** Something that must hold and does not, with the values that show it. */
export interface Violation {
  readonly check: string
  readonly room: string
  /** In words, with what was found and what was expected. */
  readonly found: string
}

export const describeViolation = ({ check, room, found }: Violation): string => `${check}: ${room}: ${found}`
