import { CircleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Icon } from '../../ui/icon.tsx'
import type { Question } from '../arrangement.ts'
import { useOthersAt } from '../others-here.tsx'
import { questionAnchor } from '../whereabouts.ts'
import { isChecked } from './checks.ts'

export const answerPath = (id: string): string => `answers/${id}`

/** The box that an answer is written in. */
export const boxClass =
  'w-full rounded-control border border-edge bg-sheet px-3 py-2.5 text-[1rem]/[1.375rem] aria-invalid:border-stop'

/** The place of one question on the page, with a rule below it; where answers are checked it has room for a problem. */
export function Row({ question, children }: { question: Question; children: ReactNode }) {
  return (
    <div
      id={questionAnchor(question.id)}
      data-row
      className={`relative scroll-mt-36 border-b border-rule pt-4 ${isChecked(question.type) ? 'pb-8' : 'pb-4'}`}
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

/** It appears while somebody presses on something below: it must not move that away. */
export function Problem({ question: { id }, text }: { question: Question; text: string | null }) {
  return text === null ? null : (
    <p id={problemId(id)} className="absolute bottom-1.5 flex items-center gap-1.5 text-sm text-stop">
      <Icon of={CircleAlert} />
      {text}
    </p>
  )
}

/** Around a field: the outline and the name of whoever else is in it. */
export function OthersAround({ question, children }: { question: Question; children: ReactNode }) {
  const others = useOthersAt(answerPath(question.id))
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

const helpId = (id: string): string => `help-${id}`
const problemId = (id: string): string => `problem-${id}`
