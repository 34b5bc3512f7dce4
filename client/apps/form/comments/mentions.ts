import { firstNameOf } from '../../ui/person.ts'

/** Somebody who can be named in a comment. */
export interface Mentionable {
  readonly id: string
  readonly name: string
}

/** What a comment can name at most. */
const mentionsMax = 50
const offeredMax = 6

/** How somebody is written behind the `@`: by the first name where nobody else has it. */
export const tokenOf = (person: Mentionable, people: readonly Mentionable[]): string => {
  const first = firstNameOf(person.name)
  const isShared = people.some(({ id, name }) => id !== person.id && firstNameOf(name) === first)
  return isShared ? person.name : first
}

/** What is being looked for: the word behind an `@` that ends at the caret; null: nothing. */
export const queryAt = (text: string, caret: number): string | null =>
  /(?:^|[\s(])@([\p{L}\p{N}_.'-]*)$/u.exec(text.slice(0, caret))?.[1] ?? null

/** Those whose name, or a part of it, begins with what was written. */
export const matching = (query: string, people: readonly Mentionable[]): readonly Mentionable[] => {
  const wanted = query.toLocaleLowerCase()
  return people
    .filter(({ name }) => name.split(/\s+/).some((word) => word.toLocaleLowerCase().startsWith(wanted)))
    .slice(0, offeredMax)
}

/** Ids of those whom the text names. */
export const mentionedIn = (text: string, people: readonly Mentionable[]): string[] =>
  people
    .filter((person) => placesOf(text, [tokenOf(person, people), person.name]).length > 0)
    .map(({ id }) => id)
    .slice(0, mentionsMax)

/** The text in pieces, in their order: those that name somebody begin with `@`. */
export const piecesOf = (
  text: string,
  mentioned: readonly Mentionable[]
): readonly { readonly at: number; readonly text: string; readonly isMention: boolean }[] => {
  const places = placesOf(
    text,
    mentioned.flatMap(({ name }) => [name, firstNameOf(name)])
  )
  const pieces: { at: number; text: string; isMention: boolean }[] = []
  let from = 0
  for (const { start, end } of places) {
    if (start < from) continue
    if (start > from) pieces.push({ at: from, text: text.slice(from, start), isMention: false })
    pieces.push({ at: start, text: text.slice(start, end), isMention: true })
    from = end
  }
  if (from < text.length) pieces.push({ at: from, text: text.slice(from), isMention: false })
  return pieces
}

/** Where one of the names stands behind an `@` and is not the beginning of a longer word; longer names first. */
const placesOf = (text: string, names: readonly string[]): { start: number; end: number }[] =>
  [...new Set(names)]
    .sort((a, b) => b.length - a.length)
    .flatMap((name) => {
      const found: { start: number; end: number }[] = []
      for (let start = text.indexOf(`@${name}`); start !== -1; start = text.indexOf(`@${name}`, start + 1)) {
        const end = start + name.length + 1
        if (!/^[\p{L}\p{N}_]/u.test(text.slice(end))) found.push({ start, end })
      }
      return found
    })
    .sort((a, b) => a.start - b.start || b.end - a.end)
