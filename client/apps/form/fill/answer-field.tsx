import { CircleAlert } from 'lucide-react'
import { memo, type ReactNode } from 'react'
import { Icon } from '../../ui/icon.tsx'
import type { Question } from '../arrangement.ts'
import { isTyped } from '../field-types.ts'
import { useOthersAt } from '../others-here.tsx'
import { questionAnchor } from '../whereabouts.ts'
import { PickedAnswer } from './picked-answer.tsx'
import { TypedAnswer } from './typed-answer.tsx'

export interface AnswerFieldProps {
  readonly question: Question
  readonly mayWrite: boolean
}

/** One question with the field for its answer. */
export const AnswerField = memo(function AnswerField(props: AnswerFieldProps) {
  return isTyped(props.question.type) ? <TypedAnswer {...props} /> : <PickedAnswer {...props} />
})

export const answerPath = (id: string): string => `answers/${id}`
export const boxClass =
  'w-full rounded-control border border-edge bg-sheet px-3 py-2.5 text-[1rem]/[1.375rem] aria-invalid:border-stop read-only:border-rule read-only:bg-transparent'

/** What the label and its line of help say, whichever field they belong to. */
export function Asked({ question }: { question: Question }) {
  return (
    <>
      <span className="font-name wrap-anywhere">{question.label || 'Untitled question'}</span>
      {!question.required && <span className="font-normal text-ink-2"> optional</span>}
    </>
  )
}

export interface QuestionFrameProps {
  readonly question: Question
  readonly problem: string | null
  readonly children: ReactNode
}

/** The rule below, the help above, the problem beside; around the field, in their colour, whoever is in it. */
export function QuestionFrame({ question, problem, children }: QuestionFrameProps) {
  const others = useOthersAt(answerPath(question.id))
  return (
    <div id={questionAnchor(question.id)} data-row className="scroll-mt-36 border-b border-rule py-4">
      {children}
      <div style={others.style} className={others.className}>{others.flag}</div>
      {problem && (
        <p id={problemId(question.id)} className="mt-1.5 flex items-center gap-1.5 text-sm text-stop">
          <Icon of={CircleAlert} />
          {problem}
        </p>
      )}
    </div>
  )
}

export function Help({ question }: { question: Question }) {
  if (!question.help) return null
  return (
    <p id={helpId(question.id)} className="text-sm text-ink-2 wrap-anywhere">
      {question.help}
    </p>
  )
}

export const helpId = (id: string): string => `help-${id}`
export const problemId = (id: string): string => `problem-${id}`

/** The ids that describe a field; undefined where there is nothing to say. */
export const describedBy = ({ id, help }: Question, problem: string | null): string | undefined =>
  [help && helpId(id), problem && problemId(id)].filter(Boolean).join(' ') || undefined
