import type { Rejected, SyncStatus } from '../../index.ts'
import { useClient, useStore } from '../../react/index.ts'
import { Button } from '../ui/button.tsx'
import { SavedIndicator } from '../ui/saved-indicator.tsx'
import { savedWords } from '../ui/saved-words.ts'
import { countOf, momentOf, numberOf, secondOf } from '../ui/time-words.ts'
import { useNow } from '../ui/timers.ts'
import type { FormSnapshot } from './arrangement.ts'
import { useLog, useStorage, useSyncStatus } from './form-room.ts'
import { CopyKept, KeptText } from './kept-text.tsx'
import { useNameOf } from './log-line.tsx'
import { placeWords } from './place-words.ts'
import { sentence, valueWords, whyRefused } from './refused-words.ts'

/** The saved indicator of this form, with its facts. */
export function FormSaved() {
  const status = useSyncStatus({ smooth: true })
  return (
    <SavedIndicator state={status.state} words={savedWords(status)}>
      <Facts status={status} />
    </SavedIndicator>
  )
}

function Facts({ status }: { status: SyncStatus }) {
  switch (status.state) {
    case 'loading':
      return <p>Reading the log.</p>
    case 'saving':
      return <p>Sent {countOf(status.pending, 'change')}. Waiting for the commit.</p>
    case 'saved':
      return <SavedFacts savedAt={status.savedAt} />
    case 'offline':
      return <OfflineFacts kept={status.storedLocally} />
    case 'waiting':
      return (
        <p>
          Connected; your last {countOf(status.pending, 'change is', 'changes are')} not committed. Others do
          not see {status.pending === 1 ? 'it' : 'them'} yet.
        </p>
      )
    case 'rejected':
      return <RefusedFacts refused={status} />
  }
}

function SavedFacts({ savedAt }: { savedAt: Date }) {
  const log = useLog()
  const newest = log?.entries.at(-1)
  const by = useNameOf(newest?.author)
  const at = newest ? new Date(newest.at) : savedAt
  const now = useNow(60_000)
  const isToday = at.toDateString() === now.toDateString()
  return (
    <>
      <p className="font-name">Everything you see is in the log.</p>
      {log && log.head > 0 && (
        <dl className="mt-2.5 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 [&_dd]:text-right [&_dt]:text-ink-3">
          <dt>Entry</dt>
          <dd>{numberOf(log.head)}</dd>
          <dt>Committed</dt>
          <dd>{isToday ? `today ${secondOf(at)}` : momentOf(at, now)}</dd>
          <dt>Last change by</dt>
          <dd>{by}</dd>
        </dl>
      )}
    </>
  )
}

function OfflineFacts({ kept }: { kept: boolean }) {
  const client = useClient()
  return (
    <>
      <p>
        You can keep working. <NextTry />
        {!kept && ' This device cannot keep your changes: leave this tab open.'}
      </p>
      <Button className="mt-2.5 w-full" onClick={() => client.retryNow()}>
        Retry now
      </Button>
    </>
  )
}

/** `Next try in 6 s.` */
export function NextTry() {
  const retryAt = useStore(useClient().retryAt)
  const now = useNow(1000)
  const seconds = retryAt === null ? 0 : Math.ceil((retryAt.getTime() - now.getTime()) / 1000)
  return <span>{seconds > 0 ? `Next try in ${seconds} s.` : 'Trying now.'}</span>
}

function RefusedFacts({ refused }: { refused: Rejected }) {
  const form = useStorage()
  const { path, keptText } = refused
  return (
    <>
      <p className="font-name text-stop">Your last change was not saved.</p>
      <p className="mt-1.5 mb-2.5">
        {path !== null && <b className="font-name">{sentence(placeWords(path, form))}. </b>}
        {whyRefused(refused)} The form was reloaded{keptText ? '; your text is kept here:' : '.'}
      </p>
      {keptText && <KeptText text={keptText} />}
      <KeptValues refused={refused} form={form} />
      <div className="mt-3 flex flex-wrap gap-2">
        {keptText && <CopyKept text={keptText} />}
        <Button onClick={() => refused.discard()}>Go on without it</Button>
      </div>
    </>
  )
}

const keptValuesMax = 5

/** What was picked and not typed: by its place, there is nothing to copy. */
function KeptValues({ refused, form }: { refused: Rejected; form: FormSnapshot }) {
  const values = refused.keptEdits.filter(({ value }) => value !== null && typeof value !== 'string')
  if (values.length === 0) return null
  return (
    <ul className="mt-2 text-ink-2">
      {values.slice(0, keptValuesMax).map(({ path, value }) => (
        <li key={path}>
          {sentence(placeWords(path, form))}: <span className="text-ink">{valueWords(value)}</span>
        </li>
      ))}
    </ul>
  )
}
