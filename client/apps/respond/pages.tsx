import { useEffect, useRef, useState } from 'react'
import { useLocation, useSearchParams } from 'wouter'
import { complaintsAbout, progressOf, visibleFields } from '../../../schema/kinds/form-answers.ts'
import { arrange, type FormSnapshot, inOrder, type Part } from '../form/arrangement.ts'
import { AnswerField } from '../form/fill/answer-field.tsx'
import { AnsweringIn } from '../form/fill/answering.ts'
import { RequiredProgress } from '../form/fill/required-progress.tsx'
import { untitled } from '../form/frame.tsx'
import { questionAnchor } from '../form/whereabouts.ts'
import { Button } from '../ui/button.tsx'
import { KeepPlace } from '../ui/keep-place.tsx'
import { countOf, momentOf } from '../ui/time-words.ts'
import { useNow } from '../ui/timers.ts'
import { useAnsweringAlone } from './answering-alone.ts'
import { type Missing, MissingAnswers } from './missing-answers.tsx'
import { useStorage } from './response-room.ts'
import { useSend } from './send.ts'

export interface PagesProps {
  readonly form: FormSnapshot
  readonly formId: string
  readonly mayWrite: boolean
}

/** The questions that are asked, a section to a page; the last page has the key that sends the answers. */
export function Pages({ form, formId, mayWrite }: PagesProps) {
  const given = useStorage()
  const { send, state, complaints: refused } = useSend()
  const [isStrict, setStrict] = useState(false)
  const parts = arrange({ sections: form.sections, fields: visibleFields(form, given) })
  const pages = parts.filter(({ questions }) => questions.length > 0)
  const [page, turnTo] = usePage(formId, pages.length)
  const here = pages[page]
  const missing = missingIn(pages, [...complaintsAbout(form, given), ...refused])
  const summary = useRef<HTMLElement>(null)
  const trySending = () => {
    setStrict(true)
    if (missing.length === 0) return void send()
    // It is there after this: only an attempt shows it.
    requestAnimationFrame(() => summary.current?.focus())
  }
  return (
    <AnsweringIn value={useAnsweringAlone(form, isStrict)}>
      <KeepPlace>
        {page === 0 && <Head form={form} />}
        <Reopened />
        <RequiredProgress progress={progressOf(form, given)} />
        {here && <PageHead part={here} page={page} count={pages.length} />}
        {here?.questions.map((question) => (
          <AnswerField key={question.id} question={question} mayWrite={mayWrite} />
        ))}
        {isStrict && <MissingAnswers ref={summary} missing={missing} onTurn={turnTo} />}
        <nav aria-label="Pages" className="mt-6 flex items-center gap-3">
          {page > 0 && (
            <Button className="h-12 px-5" onClick={() => turnTo(page - 1)}>
              Back
            </Button>
          )}
          {page < pages.length - 1 ? (
            <Button look="go" className="h-12 px-6" onClick={() => turnTo(page + 1)}>
              Next
            </Button>
          ) : (
            <Button
              look="go"
              className="h-12 px-6"
              aria-disabled={!mayWrite || state === 'sending'}
              onClick={trySending}
            >
              {state === 'sending' ? 'Sending…' : 'Send my answers'}
            </Button>
          )}
        </nav>
        <p role="alert" className="mt-3 min-h-5 text-stop">
          {typeof state === 'object' && state.problem}
        </p>
      </KeepPlace>
    </AnsweringIn>
  )
}
