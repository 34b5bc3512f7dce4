import type { Ref } from 'react'
import type { Complaint } from '../../../schema/behaviour.ts'
import type { Part } from '../form/arrangement.ts'
import { answerPath } from '../form/fill/answer-parts.tsx'
import { questionAnchor } from '../form/whereabouts.ts'
import { countOf } from '../ui/time-words.ts'
import type { Turn } from './page.ts'

/** An answer that keeps the others from being sent, and where it is. */
export interface Missing {
  readonly question: string
  readonly label: string
  readonly detail: string
  readonly page: number
}

export const missingIn = (pages: readonly Part[], complaints: readonly Complaint[]): readonly Missing[] =>
  pages.flatMap(({ questions }, page) =>
    questions.flatMap(({ id, label }) => {
      const complaint = complaints.find(({ path }) => path === answerPath(id))
      return complaint === undefined ? [] : [{ question: id, label, detail: complaint.detail, page }]
    })
  )

export interface MissingAnswersProps {
  readonly ref: Ref<HTMLElement>
  readonly missing: readonly Missing[]
  readonly onTurn: Turn
}

/** What is in the way of sending, with the way to it. */
export function MissingAnswers({ ref, missing, onTurn }: MissingAnswersProps) {
  if (missing.length === 0) return <p className="mt-6 text-ink-2">Nothing is missing any more.</p>
  return (
    <section
      ref={ref}
      tabIndex={-1}
      aria-labelledby="missing"
      className="mt-6 border-l-2 border-stop bg-stop-tint px-4 py-3"
    >
      <h3 id="missing" className="font-name">
        {countOf(missing.length, 'answer is', 'answers are')} missing or not right. Nothing was sent.
      </h3>
      <ul className="mt-1">
        {missing.map(({ question, label, detail, page }) => (
          <li key={question} className="flex min-h-control items-center">
            <a
              href={`#${questionAnchor(question)}`}
              onClick={(event) => {
                event.preventDefault()
                onTurn(page, question)
              }}
              className="wrap-anywhere"
            >
              {label || 'Untitled question'}
            </a>
            <span className="ml-2">{detail}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
