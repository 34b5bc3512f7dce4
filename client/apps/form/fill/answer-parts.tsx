import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Icon } from '../../ui/icon.tsx'
import type { Question } from '../arrangement.ts'
import { aroundField } from '../others-here.tsx'
import { questionAnchor } from '../whereabouts.ts'
import { useAnswering } from './answering.ts'

export const answerPath = (id: string): string => `answers/${id}`

/** The box that an answer is written in. */
export const boxClass =
  'w-full rounded-control border border-edge bg-sheet px-3 py-2.5 text-[1rem]/[1.375rem] aria-invalid:border-stop'

/** The place of one question on the page, with a rule below it. */
export function Row({ question, children }: { question: Question; children: ReactNode }) {
  return (
    <div
      id={questionAnchor(question.id)}
      data-row
      className="relative scroll-mt-36 border-b border-rule pt-4 pb-4"
    >
      {children}
    </div>
  )
}

export function Asked({ question }: { question: Question }) {
  return (
    <>
      <span className="font-name wrap-anywhere">{question.label || 'Untitled question'}</span>
      {!question.required && <span className="text-ink-2"> optional</span>}
    </>
  )
}

export function Help({ question: { id, help } }: { question: Question }) {
  return help ? (
    <p id={helpId(id)} className="text-sm wrap-anywhere text-ink-2">
      {help}
    </p>
  ) : null
}

/** It appears while somebody presses on something below, and must not move that away: where it may come there is room. */
export function Problem({ question, text }: { question: Question; text: string | null }) {
  const { isStrict } = useAnswering()
  if (text === null && !isStrict && !mayBeWrong(question)) return null
  return (
    <div className="-mb-2.5 min-h-6.5 pt-1.5">
      {text !== null && (
        <p id={problemId(question.id)} className="flex gap-1.5 text-sm text-stop">
          <Icon of={CircleAlert} className="mt-px" />
          {text}
        </p>
      )}
    </div>
  )
}

/** Its answer has a form or a bound that it can miss. */
const mayBeWrong = ({ type, min, max, lengthMin, lengthMax, pattern }: Question): boolean =>
  type === 'email' ||
  type === 'phone' ||
  type === 'number' ||
  pattern !== '' ||
  [min.value, max.value, lengthMin, lengthMax].some((bound) => bound !== null)

/** Around a field: the outline and the name of whoever else is in it. */
export function OthersAround({ question, children }: { question: Question; children: ReactNode }) {
  const others = aroundField(useAnswering().useOthersAt(answerPath(question.id)))
  return (
    <div className={`mt-2 rounded-control ${others.className}`} style={others.style}>
      {others.flag}
      {children}
    </div>
  )
}

/** What a field needs besides its label. */
export const fieldProps = (question: Question, problem: string | null) => ({
  id: `answer-${question.id}`,
  'data-path': answerPath(question.id),
  'aria-required': question.required,
  'aria-invalid': problem !== null,
  'aria-describedby':
    [question.help && helpId(question.id), problem && problemId(question.id)].filter(Boolean).join(' ') ||
    undefined
})

/** What a group of fields needs besides its legend. */
export const groupProps = (question: Question, problem: string | null) => {
  const { 'data-path': path, 'aria-describedby': about } = fieldProps(question, problem)
  return { 'data-path': path, 'aria-describedby': about }
}

const helpId = (id: string): string => `help-${id}`
const problemId = (id: string): string => `problem-${id}`
