import { GripVertical } from 'lucide-react'
import { memo, type RefObject, useRef } from 'react'
import { DropLine } from '../../ui/drop-line.tsx'
import { Icon } from '../../ui/icon.tsx'
import { SharedText } from '../../ui/shared-text.tsx'
import { useSortable } from '../../ui/sortable.ts'
import type { Question } from '../arrangement.ts'
import { CommentMarker } from '../comments/marker.tsx'
import { useEdits } from '../edits.ts'
import { changeAndFocus } from '../focus-path.ts'
import { useText } from '../form-room.ts'
import { OthersHere } from '../others-here.tsx'
import { questionAnchor } from '../whereabouts.ts'
import { AnswerSketch } from './answer-sketch.tsx'
import { useMoveByKey } from './moves.ts'
import { QuestionTools } from './question-tools.tsx'
import { AskedWhen } from './rules.tsx'

export const questionsList = 'questions'

/** One question: everybody writes in it directly; its tools come with the cursor. */
export const QuestionRow = memo(function QuestionRow({
  question,
  number,
  isSelected,
  mayWrite
}: QuestionRowProps) {
  const { id } = question
  const row = useRef<HTMLFieldSetElement>(null)
  const handle = useRef<HTMLSpanElement>(null)
  const name = question.label || 'Untitled question'
  const { over, isDragged } = useSortable({
    list: questionsList,
    id,
    row,
    handle,
    label: `${number}  ${name}`
  })
  const onKeyDown = useMoveByKey(id)
  return (
    <fieldset
      ref={row}
      id={questionAnchor(id)}
      data-row
      aria-label={`Question ${number}, ${name}`}
      onKeyDown={mayWrite ? onKeyDown : undefined}
      className={`group relative grid min-w-0 scroll-mt-36 grid-cols-[28px_minmax(0,1fr)_36px] border-b border-rule pt-3.5 pb-4 desk:grid-cols-[44px_minmax(0,1fr)_40px] ${isSelected && mayWrite ? 'bg-sheet shadow-[inset_3px_0_0_var(--ink)]' : ''} ${isDragged ? 'opacity-40' : ''}`}
    >
      <DropLine side={over} />
      <Handle of={handle} number={number} isSelected={isSelected} mayWrite={mayWrite} />
      <div className="min-w-0">
        <Words question={question} number={number} isSelected={isSelected} mayWrite={mayWrite} />
        <AnswerSketch question={question} number={number} isSelected={isSelected} mayWrite={mayWrite} />
        {isSelected && mayWrite && <QuestionTools question={question} number={number} />}
      </div>
      <div className="grid justify-items-end content-start gap-1">
        <CommentMarker question={id} number={number} isSelected={isSelected} />
        <OthersHere question={id} />
      </div>
    </fieldset>
  )
})

export interface QuestionRowProps {
  readonly question: Question
  readonly number: number
  readonly isSelected: boolean
  readonly mayWrite: boolean
}

interface HandleProps extends Pick<QuestionRowProps, 'number' | 'isSelected' | 'mayWrite'> {
  readonly of: RefObject<HTMLSpanElement | null>
}

/** The number in the gutter, to drag by. Those who do not point move a question by key or menu. */
function Handle({ of, number, isSelected, mayWrite }: HandleProps) {
  return (
    <span
      ref={of}
      data-handle
      aria-hidden="true"
      className={`relative h-fit pl-2 text-sm leading-(--lh-md) text-ink-3 desk:pl-5 ${mayWrite ? 'cursor-grab' : ''}`}
    >
      {mayWrite && (
        <Icon
          of={GripVertical}
          className={`absolute top-[3px] left-[3px] opacity-0 group-hover:opacity-100 max-desk:hidden ${isSelected ? 'opacity-100' : ''}`}
        />
      )}
      {number}
    </span>
  )
}

/** The question itself, and the line of help below it. */
function Words({ question, number, isSelected, mayWrite }: QuestionRowProps) {
  const { id, required, section } = question
  const edits = useEdits()
  const label = useText((form) => form.fields.get(id)?.label)
  const help = useText((form) => form.fields.get(id)?.help)
  return (
    <>
      <SharedText
        text={label}
        aria-label={`Question ${number}`}
        data-path={`fields/${id}/label`}
        aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
        placeholder="Untitled question"
        readOnly={!mayWrite}
        suffix={required ? 'required' : undefined}
        className="-mt-px font-name pointer-coarse:-mt-2.5"
        boxClass="py-px pointer-coarse:py-2.5"
        onEnter={() =>
          mayWrite && changeAndFocus(() => `fields/${edits.addQuestion({ section, after: id })}/label`)
        }
      />
      {(help.value || (isSelected && mayWrite)) && (
        <SharedText
          text={help}
          aria-label={`Help for question ${number}`}
          data-path={`fields/${id}/help`}
          placeholder="Add a line of help"
          readOnly={!mayWrite}
          className="-mb-[3px] text-sm text-ink-2"
          boxClass="py-[3px] pointer-coarse:py-1.5"
        />
      )}
      <AskedWhen question={question} />
    </>
  )
}
