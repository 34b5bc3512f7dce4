import { momentOf } from '../../ui/time-words.ts'
import type { Response } from './response-feed.ts'

/** Sent when, or how far they are. */
export function SentCell({ response: { given, filling }, now }: { response: Response; now: Date }) {
  if (given.status.state !== 'draft')
    return (
      <span className="text-ink-2">
        {momentOf(new Date(given.sentAt ?? now), now)}
        {given.status.state === 'reviewed' && ' · reviewed'}
      </span>
    )
  if (filling === null) return <span className="text-ink-3">not sent</span>
  return (
    <span className="rounded-[3px] bg-band-2 px-1.5 py-0.5 text-xs font-label text-ink-2">
      filling in{filling.asked > 0 && `, ${filling.answered} of ${filling.asked}`}
    </span>
  )
}
