import { useState } from 'react'
import { Link } from 'wouter'
import { progressOf } from '../../../../schema/kinds/form-answers.ts'
import { response } from '../../../../schema/kinds/response.ts'
import { useVisitor } from '../../entrance.tsx'
import { useAskedForm, wordsFor } from '../../respond/asked-form.ts'
import { actOn, type ResponseAction } from '../../respond/on-server.ts'
import { initialPresence, ResponseProvider, useOthers, useStorage } from '../../respond/response-room.ts'
import { Button } from '../../ui/button.tsx'
import { countOf, momentOf } from '../../ui/time-words.ts'
import { useNow } from '../../ui/timers.ts'
import { useWatchedRoom } from '../../watched-room.ts'
import type { FormSnapshot } from '../arrangement.ts'
import { AnswerList } from './answer-list.tsx'

export interface OneResponseProps {
  readonly id: string
  readonly formId: string
  /** The address of the list. */
  readonly back: string
}

/** One response, as it is: whoever fills it in is seen to do so. */
export function OneResponse({ id, formId, back }: OneResponseProps) {
  const failure = useWatchedRoom(response, id, entering)?.failure
  return (
    <div className="mx-auto max-w-[700px]">
      <p className="text-sm">
        <Link href={back}>All responses</Link>
      </p>
      {failure ? (
        <p role="alert" className="mt-4">
          This response cannot be opened: it was removed, or it is not open to you.
        </p>
      ) : (
        <ResponseProvider
          {...entering}
          id={id}
          fallback={<p className="mt-4 text-ink-2">Reading the log.</p>}
        >
          <Opened id={id} formId={formId} />
        </ResponseProvider>
      )}
    </div>
  )
}

/** What others answer is not kept on this device. */
const entering = { initialPresence, offline: false }

function Opened({ id, formId }: { id: string; formId: string }) {
  const given = useStorage()
  const focus = useOthers(
    (others) => others.find(({ id }) => id === given.respondent)?.presence.focus ?? null
  )
  const [asked, retry] = useAskedForm(formId, given.definitionSeq)
  return (
    <>
      <h2 className="mt-3 text-xl font-name tracking-heading wrap-anywhere">
        {given.respondentName || 'Somebody'}
      </h2>
      {asked.state === 'read' && <Facts form={asked.form} />}
      <Acts id={id} />
      <div className="mt-5 border-t border-ink">
        {asked.state === 'read' && <AnswerList form={asked.form} given={given} focus={focus} />}
        {asked.state === 'reading' && <p className="skeleton-late py-3 text-ink-2">Reading the questions.</p>}
        {asked.state === 'failed' && (
          <p role="alert" className="flex items-center gap-4 py-3">
            {asked.words} <Button onClick={retry}>Try again</Button>
          </p>
        )}
      </div>
    </>
  )
}

function Facts({ form }: { form: FormSnapshot }) {
  const given = useStorage()
  const isHere = useOthers((others) => others.some(({ id, stale }) => id === given.respondent && !stale))
  const now = useNow(60_000)
  const { answered, asked } = progressOf(form, given)
  const { state, at } = given.status
  const sent = given.sentAt === null ? 'Not sent' : `Sent ${momentOf(new Date(given.sentAt), now)}`
  const changed = at === null ? '' : momentOf(new Date(at), now)
  const words = [
    state === 'draft' && isHere ? 'Filling in now' : sent,
    state === 'reviewed' && `reviewed ${changed}`,
    state === 'draft' && at !== null && `reopened ${changed}`,
    `${answered} of ${countOf(asked, 'question')} answered`,
    given.device === 'unknown' ? false : `on a ${given.device}`
  ]
  return <p className="mt-1 text-ink-2">{words.filter(Boolean).join(' · ')}</p>
}

/** What a reviewer does: it happens on the server, as an entry of theirs. */
function Acts({ id }: { id: string }) {
  const { token } = useVisitor().identity
  const { state } = useStorage((response) => response.status)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const act = async (action: ResponseAction): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      await actOn(token, id, action)
    } catch (error) {
      setProblem(wordsFor(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      {state !== 'draft' && (
        <div className="mt-4 flex flex-wrap gap-2">
          {state === 'submitted' && (
            <Button look="go" aria-disabled={busy} onClick={() => busy || void act('review')}>
              Mark as reviewed
            </Button>
          )}
          <Button aria-disabled={busy} onClick={() => busy || void act('reopen')}>
            Reopen
          </Button>
        </div>
      )}
      {problem && (
        <p role="alert" className="mt-2 text-stop">
          {problem}
        </p>
      )}
    </>
  )
}
