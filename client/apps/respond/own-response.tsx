import { useEffect, useState } from 'react'
import { progressOf } from '../../../schema/kinds/form-answers.ts'
import type { FormSnapshot } from '../form/arrangement.ts'
import { usePublishedFocus } from '../form/focus-path.ts'
import { untitled } from '../form/frame.tsx'
import { Bar } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'
import { useAskedForm } from './asked-form.ts'
import { OfflineBanner } from './offline-banner.tsx'
import { Pages } from './pages.tsx'
import { Reading } from './reading.tsx'
import { ResponseLogLine } from './response-log-line.tsx'
import { useRights, useStorage, useUpdateMyPresence } from './response-room.ts'
import { ResponseSaved } from './response-saved.tsx'
import { Sent } from './sent.tsx'

/** One's own response: to be written until it is sent, and again when somebody reopens it. */
export function OwnResponse({ formId }: { formId: string }) {
  const at = useStorage((response) => response.definitionSeq)
  const [asked, retry] = useAskedForm(formId, at)
  if (asked.state === 'reading') return <Reading />
  if (asked.state === 'failed')
    return (
      <Screen
        bar="Form"
        heading="The questions could not be read."
        actions={<Button onClick={retry}>Try again</Button>}
      >
        <p>{asked.words} Your answers are in the log.</p>
      </Screen>
    )
  return <Answers form={asked.form} />
}

function Answers({ form }: { form: FormSnapshot }) {
  const state = useStorage((response) => response.status.state)
  const mayWrite = useRights()?.mayWrite ?? false
  const title = form.title || untitled
  const wasDraft = useWasDraft(state)
  usePublishedFocus(useUpdateMyPresence())
  useProgressPublished(form)
  useEffect(() => {
    document.title = `${title} · Roomlog`
  }, [title])
  return (
    <>
      <Bar
        title={title}
        isHome
        saved={<ResponseSaved />}
        logLine={<ResponseLogLine />}
        banner={<OfflineBanner />}
      />
      <main id="content" className="mx-auto max-w-[600px] px-5 pt-12 pb-32">
        {state === 'draft' ? (
          <Pages form={form} mayWrite={mayWrite} />
        ) : (
          <Sent form={form} wasSentHere={wasDraft} />
        )}
      </main>
    </>
  )
}

/** They were written here before they were sent. */
const useWasDraft = (state: string): boolean => {
  const [wasDraft, setWasDraft] = useState(state === 'draft')
  if (state === 'draft' && !wasDraft) setWasDraft(true)
  return wasDraft
}

/** How far you are, for those who wait for the answers. */
const useProgressPublished = (form: FormSnapshot): void => {
  const publish = useUpdateMyPresence()
  const given = useStorage()
  const { answered, asked } = progressOf(form, given)
  useEffect(() => publish({ progress: { answered, asked } }), [publish, answered, asked])
}
