import { useRef, useState } from 'react'
import { flushSync } from 'react-dom'
import { complaintsAbout, progressOf, visibleFields } from '../../../schema/kinds/form-answers.ts'
import { arrange, type FormSnapshot, type Part } from '../form/arrangement.ts'
import { AnswerField } from '../form/fill/answer-field.tsx'
import { AnsweringIn } from '../form/fill/answering.ts'
import { RequiredProgress } from '../form/fill/required-progress.tsx'
import { untitled } from '../form/frame.tsx'
import { titleAnchor } from '../form/whereabouts.ts'
import { Button } from '../ui/button.tsx'
import { KeepPlace } from '../ui/keep-place.tsx'
import { momentOf } from '../ui/time-words.ts'
import { useNow } from '../ui/timers.ts'
import { useAnsweringAlone } from './answering-alone.ts'
import { MissingAnswers, missingIn } from './missing-answers.tsx'
import { pageAnchor, usePage } from './page.ts'
import { useStorage } from './response-room.ts'
import { type Sending, useSend } from './send.ts'

export interface PagesProps {
  readonly form: FormSnapshot
  readonly mayWrite: boolean
}

/** The questions that are asked, a section to a page; the last page has the key that sends the answers. */
export function Pages({ form, mayWrite }: PagesProps) {
  const given = useStorage()
  const [isStrict, setStrict] = useState(false)
  const answering = useAnsweringAlone(form, isStrict)
  const parts = arrange({ sections: form.sections, fields: visibleFields(form, given) })
  const pages = parts.filter(({ questions }) => questions.length > 0)
  const [page, turnTo] = usePage(pages.length)
  const [sending, send] = useSend()
  const summary = useRef<HTMLElement>(null)
  const missing = missingIn(pages, complaintsAbout(form, given))
  const trySending = () => {
    flushSync(() => setStrict(true))
    // What is no number stands in its field alone: nobody leaves it behind without a word.
    const wrong = document.querySelector<HTMLElement>('#content [aria-invalid="true"]')
    if (missing.length > 0) summary.current?.focus()
    else if (wrong !== null) wrong.focus()
    else send()
  }
  return (
    <AnsweringIn value={answering}>
      <KeepPlace>
        {page === 0 && <Head form={form} />}
        <Reopened />
        <RequiredProgress progress={progressOf(form, given)} />
        <PageHead part={pages[page]} page={page} count={pages.length} />
        {pages[page]?.questions.map((question) => (
          <AnswerField key={question.id} question={question} mayWrite={mayWrite} />
        ))}
        {isStrict && <MissingAnswers ref={summary} missing={missing} onTurn={turnTo} />}
        <Keys
          page={page}
          count={pages.length}
          onTurn={turnTo}
          onSend={mayWrite ? trySending : null}
          sending={sending}
        />
      </KeepPlace>
    </AnsweringIn>
  )
}

function Head({ form: { title, intro } }: { form: FormSnapshot }) {
  return (
    <div id={titleAnchor} data-row>
      <h2 className="text-xl font-name tracking-heading wrap-anywhere">{title || untitled}</h2>
      <p className="mt-1 wrap-anywhere whitespace-pre-wrap text-ink-2">
        {intro && `${intro.trimEnd()} `}
        Your answers are saved as you type; you can come back on this device until you send them.
      </p>
    </div>
  )
}

/** Somebody gave the answers back. */
function Reopened() {
  const { at } = useStorage((response) => response.status)
  const now = useNow(60_000)
  if (at === null) return null
  return (
    <p className="mt-4 border-l-2 border-need py-0.5 pl-2.5">
      <b className="font-name">Reopened {momentOf(new Date(at), now)}.</b> Change what has to be changed, and
      send your answers again.
    </p>
  )
}

interface PageHeadProps {
  readonly part: Part | undefined
  readonly page: number
  readonly count: number
}

/** Whoever turns the page has the focus here. */
function PageHead({ part, page, count }: PageHeadProps) {
  const title = part?.section?.title
  // The first page has the title of the form above it.
  const Heading = page === 0 ? 'h3' : 'h2'
  if (count < 2 && !title) return null
  return (
    <div className="mt-8 flex items-baseline gap-3 border-b border-ink pb-1.5 text-sm">
      <Heading id={pageAnchor} tabIndex={-1} className="min-w-0 flex-1 font-name wrap-anywhere">
        {title || (count < 2 ? 'Questions' : `Page ${page + 1}`)}
      </Heading>
      {count > 1 && (
        <span className="text-ink-2">
          Page {page + 1} of {count}
        </span>
      )}
    </div>
  )
}

interface KeysProps {
  readonly page: number
  readonly count: number
  readonly sending: Sending
  onTurn(page: number): void
  /** null: these answers are not yours to send. */
  readonly onSend: (() => void) | null
}

function Keys({ page, count, sending, onTurn, onSend }: KeysProps) {
  const isLast = page >= count - 1
  const isBusy = sending.state === 'sending'
  return (
    <>
      <div className="mt-6 flex items-center gap-3">
        {page > 0 && (
          <Button className="min-h-12 px-5" onClick={() => onTurn(page - 1)}>
            Back
          </Button>
        )}
        {!isLast && (
          <Button look="go" className="min-h-12 px-6" onClick={() => onTurn(page + 1)}>
            Next
          </Button>
        )}
        {isLast && onSend && (
          <Button
            look="go"
            className="min-h-12 px-6"
            aria-disabled={isBusy}
            onClick={() => isBusy || onSend()}
          >
            {isBusy ? 'Sending…' : 'Send my answers'}
          </Button>
        )}
      </div>
      {sending.state === 'failed' && (
        <p role="alert" className="mt-3 text-stop">
          {sending.words}
        </p>
      )}
    </>
  )
}
