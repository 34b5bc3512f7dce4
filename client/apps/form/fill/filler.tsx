import { Link } from 'wouter'
import { answerTo, progressOf, visibleFields } from '../../../../schema/kinds/form-answers.ts'
import { KeepPlace } from '../../ui/keep-place.tsx'
import { countOf } from '../../ui/time-words.ts'
import { arrange, type FormSnapshot } from '../arrangement.ts'
import { useRights, useStorage } from '../form-room.ts'
import { untitled } from '../frame.tsx'
import { questionAnchor, titleAnchor } from '../whereabouts.ts'
import { AnswerField } from './answer-field.tsx'
import { AnsweringIn } from './answering.ts'
import { formAnswering } from './form-answering.ts'
import { RequiredProgress } from './required-progress.tsx'

/** The form as it is filled in: one set of answers, that everybody with the link gives together. */
export function Filler({ id }: { id: string }) {
  const form = useStorage()
  const mayWrite = useRights()?.mayWrite ?? false
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
        {form.fields.length === 0 ? (
          <p className="mt-8 border-t border-rule pt-4">
            This form has no questions yet. <Link href={`/form/${encodeURIComponent(id)}`}>Build it</Link>
          </p>
        ) : (
          <AnsweringIn value={formAnswering}>
            <Asked form={form} mayWrite={mayWrite} />
          </AnsweringIn>
        )}
      </KeepPlace>
    </main>
  )
}

function Asked({ form, mayWrite }: { form: FormSnapshot; mayWrite: boolean }) {
  const parts = arrange({ sections: form.sections, fields: visibleFields(form, form) })
  return (
    <>
      <RequiredProgress progress={progressOf(form, form)} />
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
      <Outcome form={form} />
    </>
  )
}

/** What is left to do, with the way to it. */
function Outcome({ form }: { form: FormSnapshot }) {
  const missing = visibleFields(form, form).filter(
    (field) => field.required && answerTo(form, field, form) === undefined
  )
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
