import type { RefObject } from 'react'
import type { Claim } from '../../../index.ts'
import { Conflict, type ConflictValue } from '../../ui/conflict-chip.tsx'
import type { Question } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { type NameOf, useNames } from '../names.tsx'
import { type Bound, boundText, type Side, sideWords } from './bound-words.ts'

export interface BoundConflictProps {
  readonly question: Question
  readonly number: number
  readonly side: Side
  readonly mayWrite: boolean
  /** The field, or what stands for it. */
  readonly field: RefObject<HTMLElement | null>
}

/** What several people set a bound to without knowing of each other. */
export function BoundConflict({ question, number, side, mayWrite, field }: BoundConflictProps) {
  const { id, type } = question
  const { claims, conflict } = question[side]
  const edits = useEdits()
  const nameOf = useNames()
  const keep = (key: string) => {
    const claim = claims.find(({ value }) => keyOf(value) === key)
    if (claim) edits.resolveBound(id, side, claim.value)
  }
  return (
    <Conflict
      about={`“${sideWords(type, side)}” of question ${number}`}
      values={conflict ? valuesOf(claims, nameOf) : null}
      why="set last"
      settled={settledWords(claims[0], nameOf)}
      mayChoose={mayWrite}
      field={field}
      onKeep={keep}
    />
  )
}

const keyOf = (value: Bound): string => JSON.stringify(value)

/** Who set the same value stands together. */
const valuesOf = (claims: readonly Claim<Bound>[], nameOf: NameOf): readonly ConflictValue[] =>
  [...Map.groupBy(claims, ({ value }) => keyOf(value))].map(([key, same]) => ({
    key,
    words: boundText(same[0]?.value ?? null),
    by: [...Map.groupBy(same, ({ by }) => by)].map(([id, own]) => ({
      person: { id, ...nameOf(id), activity: 'active', stale: false },
      at: new Date(Math.max(...own.map(({ at }) => at)))
    }))
  }))

const settledWords = (claim: Claim<Bound> | undefined, nameOf: NameOf): string => {
  if (claim === undefined) return 'Nothing is left to choose from'
  const { name, you } = nameOf(claim.by)
  return `${you ? 'You' : name} chose ${boundText(claim.value)}`
}
