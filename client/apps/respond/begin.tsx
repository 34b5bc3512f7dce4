import { useEffect, useState } from 'react'
import { useVisitor } from '../entrance.tsx'
import { arrange, type FormSnapshot } from '../form/arrangement.ts'
import { untitled } from '../form/frame.tsx'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'
import { countOf } from '../ui/time-words.ts'
import { useAskedForm, wordsFor } from './asked-form.ts'
import { createResponse } from './on-server.ts'
import { Reading } from './reading.tsx'

export interface BeginProps {
  /** Of the form. */
  readonly id: string
  onBegun(response: string): void
}

/** What the form is about, before anything is answered. */
export function Begin({ id, onBegun }: BeginProps) {
  const [asked, retry] = useAskedForm(id, null)
  if (asked.state === 'reading') return <Reading />
  if (asked.state === 'failed')
    return (
      <Screen
        bar="Form"
        heading="This form does not open."
        actions={<Button onClick={retry}>Try again</Button>}
      >
        <p>{asked.words}</p>
      </Screen>
    )
  return <Introduction id={id} form={asked.form} onBegun={onBegun} />
}

function Introduction({ id, form, onBegun }: BeginProps & { form: FormSnapshot }) {
  const [begin, { isBusy, problem }] = useBegin(id, onBegun)
  const title = form.title || untitled
  useEffect(() => {
    document.title = `${title} · Roomlog`
  }, [title])
  return (
    <>
      <Bar title={title} isHome logLine={<div className="border-b border-rule" />} />
      <main id="content" className="mx-auto max-w-[600px] px-5 pt-12 pb-32">
        <h2 className="text-2xl font-name tracking-title text-balance wrap-anywhere">{title}</h2>
        {form.intro && <p className="mt-2 wrap-anywhere whitespace-pre-wrap text-ink-2">{form.intro}</p>}
        {form.fields.length === 0 ? (
          <p className="mt-6 border-t border-rule pt-4">This form asks nothing yet. Come back later.</p>
        ) : (
          <>
            <p className="mt-6 border-t border-rule pt-4">{lengthOf(form)}</p>
            <p className="mt-1 text-ink-2">
              Your answers are saved as you type. Those who made the form see them while you fill it in; you
              can come back on this device until you send them.
            </p>
            <Button look="go" aria-disabled={isBusy} onClick={begin} className="mt-5 min-h-12 px-6">
              {isBusy ? 'Beginning…' : 'Begin'}
            </Button>
          </>
        )}
        {problem && (
          <p role="alert" className="mt-3 text-stop">
            {problem}
          </p>
        )}
      </main>
    </>
  )
}

const useBegin = (id: string, onBegun: (response: string) => void) => {
  const { token } = useVisitor().identity
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const begin = () => {
    if (isBusy) return
    setBusy(true)
    createResponse(token, id).then(onBegun, (error: unknown) => {
      setBusy(false)
      setProblem(wordsFor(error))
    })
  }
  return [begin, { isBusy, problem }] as const
}

const lengthOf = (form: FormSnapshot): string => {
  const pages = arrange(form).filter(({ questions }) => questions.length > 0).length
  const questions = countOf(form.fields.length, 'question')
  return pages < 2 ? `${questions}.` : `${questions} on ${countOf(pages, 'page')}.`
}
