import { Link } from 'wouter'
import { KeepPlace } from '../../ui/keep-place.tsx'
import { countOf } from '../../ui/time-words.ts'
import { arrange, type FormSnapshot, inOrder, type Question } from '../arrangement.ts'
import { useRights, useStorage } from '../form-room.ts'
import { untitled } from '../frame.tsx'
import { questionAnchor, titleAnchor } from '../whereabouts.ts'
import { AnswerField } from './answer-field.tsx'
import { isAnswered } from './checks.ts'

/** The form as it is filled in: one set of answers, that everybody with the link gives together. */
export function Filler({ id }: { id: string }) {
  const form = useStorage()
  const mayWrite = useRights()?.mayWrite ?? false
  const parts = arrange(form)
  const questions = inOrder(parts)
  return (
    <main id="content" className="mx-auto max-w-[600px] px-5 pt-12 pb-32">
      <KeepPlace>
        <div id={titleAnchor} data-row>
          <h2 className="text-xl font-name tracking-heading wrap-anywhere">{form.title || untitled}</h2>
          <p className="mt-1 wrap-anywhere whitespace-pre-wrap text-ink-2">
            {form.intro && `${form.intro.trimEnd()} `}
            Answers are saved as you type; everybody with this link sees them.
          </p>
        </div>
        {questions.length === 0 ? (
          <p className="mt-8 border-t border-rule pt-4">
            This form has no questions yet. <Link href={`/form/${encodeURIComponent(id)}`}>Build it</Link>
          </p>
        ) : (
          <>
            <Progress questions={questions} form={form} />
            {parts.map((part) => [
              part.section && (
                <h3 key={part.section.id} className="mt-8 border-b border-ink pb-1.5 text-sm font-name">
                  {part.section.title || 'Untitled section'}
                </h3>
              ),
              ...part.questions.map((question) => (
                <AnswerField key={question.id} question={question} mayWrite={mayWrite} />
              ))
            ])}
            <Outcome questions={questions} form={form} />
          </>
        )}
      </KeepPlace>
    </main>
  )
}

interface AnsweredProps {
  readonly questions: readonly Question[]
  readonly form: FormSnapshot
}

/** One tick for each required answer, green once it is there. */
function Progress({ questions, form }: AnsweredProps) {
  const required = questions.filter((question) => question.required)
  const done = required.filter((question) => isAnswered(question, form)).length
  if (required.length === 0) return <div className="mt-3 border-b border-rule" />
  return (
    <div className="sticky top-head z-10 mt-1 flex items-center gap-3 border-b border-rule bg-paper py-2.5 text-sm">
      <span aria-hidden="true" className="flex min-w-0 flex-1 gap-[3px]">
        {required.map((question, index) => (
          <i
            key={question.id}
            className={`h-1.5 min-w-0 flex-1 rounded-[1px] ${index < done ? 'bg-log' : 'bg-band-2'}`}
          />
        ))}
      </span>
      <span>
        {done} of {countOf(required.length, 'required answer')}
      </span>
    </div>
  )
}

/** What is left to do, with the way to it. */
function Outcome({ questions, form }: AnsweredProps) {
  const missing = questions.filter((question) => question.required && !isAnswered(question, form))
  const first = missing[0]
  return (
    <p className="mt-5 text-ink-2">
      {first === undefined ? (
        'Nothing is missing, and there is nothing to send.'
      ) : (
        <>
          {countOf(missing.length, 'answer still needs', 'answers still need')} you, first{' '}
          <a href={`#${questionAnchor(first.id)}`}>{first.label || 'Untitled question'}</a>.
        </>
      )}
    </p>
  )
}
