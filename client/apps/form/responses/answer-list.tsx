import { answerTo, type GivenAnswers, visibleFields } from '../../../../schema/kinds/form-answers.ts'
import { arrange, type FormSnapshot } from '../arrangement.ts'
import { answerPath } from '../fill/answer-parts.tsx'
import { answerWords } from './answer-words.ts'

export interface AnswerListProps {
  readonly form: FormSnapshot
  readonly given: GivenAnswers
  /** The answer that is being written now, as in `answers/f1`. */
  readonly focus?: string | null
}

/** All questions that were asked with what was answered, to be read. */
export function AnswerList({ form, given, focus = null }: AnswerListProps) {
  const parts = arrange({ sections: form.sections, fields: visibleFields(form, given) })
  return parts.map(({ section, questions }) =>
    questions.length === 0 ? null : (
      <section key={section?.id ?? ''}>
        {section?.title && <h3 className="mt-6 text-sm font-name text-ink-2">{section.title}</h3>}
        <dl>
          {questions.map((question) => {
            const answer = answerTo(form, question, given)
            return (
              <div key={question.id} className="min-h-13 border-b border-rule py-3">
                <dt className="text-sm text-ink-2 wrap-anywhere">
                  {question.label || 'Untitled question'}
                  {focus === answerPath(question.id) && <b className="ml-2 font-label">answering now</b>}
                </dt>
                <dd className="wrap-anywhere whitespace-pre-wrap">
                  {answer === undefined ? (
                    <span className="text-ink-3">No answer</span>
                  ) : (
                    answerWords(form, question, answer)
                  )}
                </dd>
              </div>
            )
          })}
        </dl>
      </section>
    )
  )
}
