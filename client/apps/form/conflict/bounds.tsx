import type { LucideIcon } from 'lucide-react'
import { type ReactNode, type RefObject, useId, useRef } from 'react'
import { Icon } from '../../ui/icon.tsx'
import type { Question } from '../arrangement.ts'
import { DraftField } from '../build/draft-field.tsx'
import { useEdits } from '../edits.ts'
import { typeNames } from '../field-types.ts'
import { useOthersAt } from '../others-here.tsx'
import { BoundConflict } from './bound-conflict.tsx'
import { boundsText, hasConflict, isOfType, type Side, sideWords } from './bound-words.ts'

export interface BoundsProps {
  readonly question: Question
  readonly number: number
  readonly isSelected: boolean
  readonly mayWrite: boolean
  readonly icon?: LucideIcon | undefined
}

/** The sketch of an answer that is entered, with what may be entered: written while the question is selected. */
export function Bounds({ icon, ...props }: BoundsProps) {
  const text = boundsText(props.question)
  return (
    <Line {...props}>
      {(field) => (
        <p
          ref={field}
          tabIndex={-1}
          className={`flex min-h-8.5 min-w-37.5 items-center gap-1.5 border-b border-edge text-sm ${hasConflict(props.question) ? '' : 'max-w-80 flex-1'} ${text ? '' : 'text-ink-3'}`}
        >
          {icon && <Icon of={icon} className="text-ink-3" />}
          {text || typeNames[props.question.type]}
        </p>
      )}
    </Line>
  )
}

/** The same below choices and ratings, whose sketch shows something else: there only when there is something to say. */
export function BoundsBelow(props: BoundsProps) {
  const text = boundsText(props.question)
  const isEdited = props.isSelected && props.mayWrite
  if (text === '' && !isEdited && !hasConflict(props.question)) return null
  return (
    <Line {...props}>
      {(field) => (
        <p
          ref={field}
          tabIndex={-1}
          className="flex min-h-8.5 items-center text-sm text-ink-2 first-letter:uppercase"
        >
          {text || 'No limit'}
        </p>
      )}
    </Line>
  )
}

interface LineProps extends Omit<BoundsProps, 'icon'> {
  readonly children: (field: RefObject<HTMLParagraphElement | null>) => ReactNode
}

function Line({ question, number, isSelected, mayWrite, children }: LineProps) {
  const shown = useRef<HTMLParagraphElement>(null)
  const min = useRef<HTMLInputElement>(null)
  const max = useRef<HTMLInputElement>(null)
  const isEdited = isSelected && mayWrite
  const parts = { question, number, mayWrite }
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-3 gap-y-1.5 pointer-coarse:mt-0">
      {isEdited ? <BoundField {...parts} side="min" field={min} /> : children(shown)}
      <BoundConflict {...parts} side="min" field={isEdited ? min : shown} />
      {isEdited && <BoundField {...parts} side="max" field={max} />}
      <BoundConflict {...parts} side="max" field={isEdited ? max : shown} />
    </div>
  )
}

interface BoundFieldProps extends Pick<BoundsProps, 'question' | 'number'> {
  readonly side: Side
  readonly field: RefObject<HTMLInputElement | null>
}

function BoundField({ question, number, side, field }: BoundFieldProps) {
  const { id, type } = question
  const { value } = question[side]
  const edits = useEdits()
  const path = `fields/${id}/${side}`
  const others = useOthersAt(path)
  const words = sideWords(type, side)
  const fieldId = useId()
  const isNumber = type !== 'date' && type !== 'time'
  return (
    <span
      className={`flex min-h-8.5 items-center gap-1.5 border-b border-edge text-sm text-ink-2 focus-within:border-ink ${others.className}`}
      style={others.style}
    >
      <label htmlFor={fieldId}>{words}</label>
      <DraftField
        ref={field}
        id={fieldId}
        data-path={path}
        type={isNumber ? 'text' : type}
        inputMode={isNumber ? 'decimal' : undefined}
        aria-label={`Question ${number}: ${words}`}
        value={isOfType(type, value) ? String(value) : ''}
        onGive={(text) => edits.setBound(id, side, text === '' ? null : isNumber ? numberFrom(text) : text)}
        className={isNumber ? 'w-16' : type === 'time' ? 'w-24' : 'w-33'}
      />
      {others.flag}
    </span>
  )
}

const numberFrom = (text: string): number | undefined => {
  const number = Number(text.trim().replace(',', '.'))
  return Number.isFinite(number) ? number : undefined
}
