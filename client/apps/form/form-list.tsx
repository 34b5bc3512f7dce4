import { Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { Link, useLocation } from 'wouter'
import { Refusal } from '../api.ts'
import { useVisitor } from '../entrance.tsx'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { countOf, momentOf } from '../ui/time-words.ts'
import { useNow } from '../ui/timers.ts'
import { createForm, type ListedForm, listForms, readSummary, type Summary } from './forms-on-server.ts'
import { untitled } from './frame.tsx'

type Listing = { readonly state: 'reading' } | { readonly state: 'failed'; readonly words: string } | Listed
interface Listed {
  readonly state: 'listed'
  readonly forms: readonly ListedForm[]
}

/** All forms of this server, and the way to a new one. */
export function FormList() {
  const { identity, leave } = useVisitor()
  const [listing, retry] = useListing(identity.token)
  const [create, problem] = useCreate(identity.token)
  useEffect(() => {
    document.title = 'Forms · Roomlog'
  }, [])
  return (
    <>
      <Bar
        title="Roomlog"
        isHome
        action={
          identity.isGuest && (
            <Button look="bare" onClick={leave} title="Write under another name">
              {identity.name}
            </Button>
          )
        }
        logLine={<div className="border-b border-rule" />}
      />
      <main id="content" className="mx-auto max-w-[760px] px-4 pt-10 pb-24 desk:px-6">
        <div className="flex items-center gap-4 border-b border-ink pb-3">
          <h2 className="flex-1 text-2xl font-name tracking-title">Forms</h2>
          <Button look="go" onClick={create}>
            <Icon of={Plus} />
            Create a form
          </Button>
        </div>
        {problem && (
          <p role="alert" className="border-b border-rule py-3 text-stop">
            {problem}
          </p>
        )}
        {listing.state === 'reading' && <Reading />}
        {listing.state === 'failed' && (
          <div className="flex items-center gap-4 py-3" role="alert">
            <p className="flex-1 text-stop">{listing.words}</p>
            <Button onClick={retry}>Try again</Button>
          </div>
        )}
        {listing.state === 'listed' && <Forms forms={listing.forms} token={identity.token} />}
      </main>
    </>
  )
}

function Forms({ forms, token }: { forms: readonly ListedForm[]; token: string }) {
  const now = useNow(60_000)
  const summaries = useSummaries(token, forms)
  if (forms.length === 0)
    return (
      <p className="py-3 text-ink-2">
        No form yet. Create one and share its link: everybody who opens it can build with you.
      </p>
    )
  return (
    <ul>
      {forms.map(({ id, head, changedAt }) => {
        const summary = summaries.get(id)
        return (
          <li key={id} className="border-b border-rule">
            <Link
              href={`/form/${id}`}
              className="grid min-h-13 grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 py-2 no-underline hover:bg-band desk:grid-cols-[minmax(0,1fr)_7rem_7rem_8rem]"
            >
              <span className="truncate font-name">{summary ? summary.title || untitled : '\u00a0'}</span>
              <span className="text-right text-sm text-ink-2 max-desk:hidden">
                {summary && countOf(summary.questions, 'question')}
              </span>
              <span className="text-right text-sm text-ink-3 max-desk:hidden">
                {countOf(head, 'entry', 'entries')}
              </span>
              <time dateTime={changedAt.toISOString()} className="text-right text-sm text-ink-3">
                {momentOf(changedAt, now)}
              </time>
            </Link>
          </li>
        )
      })}
    </ul>
  )
}

function Reading() {
  return (
    <div aria-busy="true" className="grid">
      <p className="sr-only">Reading the forms.</p>
      {[42, 30, 36].map((width) => (
        <div key={width} aria-hidden="true" className="flex h-13 items-center border-b border-rule">
          <i className="skeleton block h-3 rounded-[3px] bg-band-2" style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  )
}

const useListing = (token: string): [Listing, () => void] => {
  const [listing, setListing] = useState<Listing>({ state: 'reading' })
  const [attempt, setAttempt] = useState(0)
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt reads again
  useEffect(() => {
    const reading = new AbortController()
    listForms(token, reading.signal).then(
      (forms) => setListing({ state: 'listed', forms }),
      (error: unknown) => {
        if (!reading.signal.aborted) setListing({ state: 'failed', words: wordsFor(error) })
      }
    )
    return () => reading.abort()
  }, [token, attempt])
  return [listing, () => setAttempt(attempt + 1)]
}

/** So many forms are asked for their title: the last changed. */
const summariesMax = 60
const atOnce = 4

const useSummaries = (token: string, forms: readonly ListedForm[]): ReadonlyMap<string, Summary> => {
  const [summaries, setSummaries] = useState<ReadonlyMap<string, Summary>>(new Map())
  useEffect(() => {
    const reading = new AbortController()
    const waiting = forms.slice(0, summariesMax)
    const readNext = async (): Promise<void> => {
      const next = waiting.shift()
      if (next === undefined || reading.signal.aborted) return
      const summary = await readSummary(token, next.id, reading.signal)
      setSummaries((before) => new Map(before).set(next.id, summary))
      return readNext()
    }
    for (let lane = 0; lane < atOnce; lane++) {
      readNext().catch((error: unknown) => {
        // Without a title a form is listed by its time: nothing that anybody has to act upon.
        if (!reading.signal.aborted && !isAnswer(error)) throw error
      })
    }
    return () => reading.abort()
  }, [token, forms])
  return summaries
}

const useCreate = (token: string) => {
  const [, navigate] = useLocation()
  const [problem, setProblem] = useState<string | null>(null)
  const create = () => {
    createForm(token).then(
      (id) => navigate(`/form/${id}`),
      (error: unknown) => setProblem(wordsFor(error))
    )
  }
  return [create, problem] as const
}

const isAnswer = (error: unknown): boolean => error instanceof Refusal || error instanceof TypeError

/** @throws whatever is no answer of the server */
const wordsFor = (error: unknown): string => {
  if (error instanceof Refusal) return `The server refused: ${error.message}.`
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) return 'The server cannot be reached. What is saved is safe.'
  throw error
}
