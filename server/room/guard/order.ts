/**
 * The order of Yjs (`integrateStructs`, `Item.getMissing`): a struct integrates once its own client has reached its
 * clock and its neighbours or parent are there, be it in the document or earlier in the same update.
 */
import type * as Y from 'yjs'
import { type Fresh, GuardRefusal, type Section, type Sections, stateOf, structsOf } from './structs.ts'

/** Whoever gives each fresh struct its place. */
export interface Placing {
  place(fresh: Fresh): void
}

/**
 * Has each fresh struct placed, what it builds on first. A section that needs another waits until that one has come so
 * far, and not further.
 *
 * @throws GuardRefusal 'update-incomplete', and whatever `placing` throws
 */
export const inOrder = (document: Y.Doc, sections: Sections, placing: Placing): void => {
  const [only] = sections.list
  if (only !== undefined && sections.list.length === 1) {
    // There is nothing that it could wait for.
    only.until = only.reached
    advance(document, sections, only, placing)
    return
  }
  const waiting: Section[] = []
  for (const first of sections.list) {
    first.until = first.reached
    waiting.push(first)
    for (let section = waiting.at(-1); section !== undefined; section = waiting.at(-1)) {
      section.isWaiting = false
      const needed = advance(document, sections, section, placing)
      if (needed === null) waiting.pop()
      else {
        section.isWaiting = true
        waiting.push(needed)
      }
    }
  }
}

/** Places structs of a section up to where it is needed, or until one waits: returns the section that it waits for. */
const advance = (document: Y.Doc, sections: Sections, section: Section, placing: Placing): Section | null => {
  while (section.placed < section.until) {
    const fresh = section.list[section.next]
    if (fresh === undefined) break
    const needed =
      neededFor(document, sections, fresh, fresh.originClient, fresh.originClock) ??
      neededFor(document, sections, fresh, fresh.rightClient, fresh.rightClock) ??
      neededFor(document, sections, fresh, fresh.parentClient, fresh.parentClock)
    if (needed !== null) return needed
    placing.place(fresh)
    section.placed = fresh.end
    section.next++
  }
  return null
}

/** The section that has to go on first so that this id is there; null where it is. */
const neededFor = (
  document: Y.Doc,
  sections: Sections,
  fresh: Fresh,
  client: number,
  clock: number
): Section | null => {
  if (client === -1 || client === fresh.client) return null
  const other = sections.get(client)
  if (clock < (other?.placed ?? stateOf(structsOf(document, client)))) return null
  if (other === undefined || other.isWaiting || other.reached <= clock)
    throw new GuardRefusal(
      'update-incomplete',
      `client ${fresh.client} builds on content of client ${client} that is not here`
    )
  other.until = clock + 1
  return other
}
