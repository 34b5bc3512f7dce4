import { useEffect, useRef } from 'react'
import type { FormSnapshot } from '../form/arrangement.ts'
import { untitled } from '../form/frame.tsx'
import { AnswerList } from '../form/responses/answer-list.tsx'
import { useAnnounce } from '../ui/announcer.tsx'
import { momentOf } from '../ui/time-words.ts'
import { useNow } from '../ui/timers.ts'
import { useStorage } from './response-room.ts'

/** What was sent, to be read. @param wasSentHere the focus follows: the key that was pressed is gone */
export function Sent({ form, wasSentHere }: { form: FormSnapshot; wasSentHere: boolean }) {
  const response = useStorage()
  const now = useNow(60_000)
  const announce = useAnnounce()
  const heading = useRef<HTMLHeadingElement>(null)
  const sent = `Sent ${momentOf(new Date(response.sentAt ?? now), now)}`
  const { state, at } = response.status
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is said once, when it is sent
  useEffect(() => {
    if (!wasSentHere) return
    window.scrollTo({ top: 0, behavior: 'instant' })
    heading.current?.focus({ preventScroll: true })
    announce(sent)
  }, [])
  return (
    <>
      <p className="text-ink-2 wrap-anywhere">{form.title || untitled}</p>
      <h2 ref={heading} tabIndex={-1} className="text-2xl font-name tracking-title">
        {sent}
      </h2>
      <p className="mt-2 text-ink-2">
        {state === 'reviewed' && at !== null
          ? `Your answers were reviewed ${momentOf(new Date(at), now)}.`
          : 'Your answers are with those who made the form. They can give them back to you, if something has to be changed.'}
      </p>
      <h3 className="mt-8 border-b border-ink pb-1.5 text-sm font-name">Your answers</h3>
      <AnswerList form={form} given={response} />
    </>
  )
}
