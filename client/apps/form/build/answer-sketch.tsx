import { Calendar, Clock, type LucideIcon } from 'lucide-react'
import type { FieldType } from '../../../../schema/kinds/form.ts'
import type { Question } from '../arrangement.ts'
import { isBounded } from '../conflict/bound-words.ts'
import { Bounds, BoundsBelow } from '../conflict/bounds.tsx'
import { offersChoices, ratings, typeNames } from '../field-types.ts'
import { Box } from './box.tsx'
import { Choices } from './choices.tsx'

export interface AnswerSketchProps {
  readonly question: Question
  readonly number: number
  readonly isSelected: boolean
  readonly mayWrite: boolean
}

/** How the answer will be given: choices are written here, everything else is a hint. */
export function AnswerSketch(props: AnswerSketchProps) {
  const { question, isSelected, mayWrite } = props
  const { type } = question
  if (offersChoices(type))
    return (
      <>
        <Choices question={question} isSelected={isSelected} mayWrite={mayWrite} />
        {isBounded(type) && <BoundsBelow {...props} />}
      </>
    )
  if (type === 'yes-no')
    return (
      <ul className="mt-2 pointer-coarse:mt-0 grid gap-0.5 text-sm">
        {['Yes', 'No'].map((word) => (
          <li key={word} className="flex min-h-8 items-center gap-2.5">
            <Box round />
            {word}
          </li>
        ))}
      </ul>
    )
  if (type === 'rating')
    return (
      <>
        <ol className="mt-2 pointer-coarse:mt-0 flex gap-1 text-sm text-ink-3">
          {ratings.map((rating) => (
            <li key={rating} className="grid size-8 place-items-center rounded-control border border-edge">
              {rating}
            </li>
          ))}
        </ol>
        <BoundsBelow {...props} />
      </>
    )
  if (isBounded(type)) return <Bounds {...props} icon={icons[type]} />
  return (
    <p
      className={`mt-2 pointer-coarse:mt-0 flex border-b border-edge text-sm text-ink-3 ${type === 'long-text' ? 'h-13.5 pt-1' : 'h-8.5 max-w-80 items-center'}`}
    >
      {typeNames[type]}
    </p>
  )
}

const icons: Partial<Record<FieldType, LucideIcon>> = { date: Calendar, time: Clock }
