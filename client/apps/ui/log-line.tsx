import { memo } from 'react'
import type { EntryMark } from '../../../schema/messages.ts'
import { toneOf } from './person.ts'
import type { SavedState } from './saved-words.ts'
import { momentOf, numberOf } from './time-words.ts'

const height = 24
/** More entries than these are not drawn, nor any that would lie further left than the widest screen. */
const ticksMax = 600
const widthMax = 3840
/** Right of the head there is room for this many hollow ticks; the rest is said by the indicator. */
const hollowMax = 5

/**
 * The rule under the bar, drawn from the room's log: one tick per entry, coloured by author, height by size,
 * a gap where people paused; a green head with its number; right of it what is not yet committed.
 */
export function LogLine({ marks, head, pending, state, latest }: LogLineProps) {
  return (
    <div
      role="img"
      aria-label={describe(head, latest)}
      className="relative h-logline overflow-hidden border-b border-rule bg-paper"
    >
      <div className="absolute inset-0 [mask-image:linear-gradient(90deg,#0004,#000_60%)]">
        <svg className={atHead} aria-hidden="true">
          <Ticks marks={marks} />
        </svg>
      </div>
      <svg className={atHead} aria-hidden="true">
        <rect className="fill-log" x="-2" width="2" height={height} opacity={state === 'loading' ? 0 : 1} />
        {Array.from({ length: Math.min(pending, hollowMax) }, (_, index) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: the ticks are alike, and stand in a row
            key={index}
            className={`fill-none ${hollowStroke[state] ?? 'stroke-ink-3'}`}
            x={3 + index * 5}
            y={height - 9.5}
            width="2.5"
            height="8"
            strokeDasharray={state === 'offline' ? '2 1.5' : undefined}
          />
        ))}
      </svg>
      <span className="absolute right-4 bottom-[3px] text-xs font-label text-ink-3" aria-hidden="true">
        {head > 0 && numberOf(head)}
      </span>
    </div>
  )
}

export interface LogLineProps {
  /** The newest entries, oldest first. */
  readonly marks: readonly EntryMark[]
  readonly head: number
  readonly pending: number
  readonly state: SavedState
  /** Who wrote the newest entry, and when. */
  readonly latest: { readonly by: string; readonly at: Date; readonly now: Date } | null
}

/** Drawn leftwards from the head, so that nothing depends on the width of the screen. */
const atHead = 'absolute right-[72px] bottom-0 h-full w-px overflow-visible'

const hollowStroke: Partial<Record<SavedState, string>> = {
  offline: 'stroke-need',
  waiting: 'stroke-need',
  rejected: 'stroke-stop'
}

const describe = (head: number, latest: LogLineProps['latest']): string => {
  if (head === 0) return 'The log of this room: no entry yet'
  const newest = latest === null ? '' : `, the latest by ${latest.by}, ${momentOf(latest.at, latest.now)}`
  return `The log of this room: ${numberOf(head)} ${head === 1 ? 'entry' : 'entries'}${newest}`
}

/** One path per colour, so that a key press redraws ten elements and not six hundred. */
const Ticks = memo(function Ticks({ marks }: { marks: readonly EntryMark[] }) {
  return [...pathsOf(marks)].map(([tone, path]) => (
    <path key={tone} d={path} stroke={`var(--p${tone})`} strokeWidth="1.5" opacity="0.85" />
  ))
})

const pathsOf = (marks: readonly EntryMark[]): ReadonlyMap<number, string> => {
  const paths = new Map<number, string>()
  let x = -6
  let later: EntryMark | undefined
  for (const mark of marks.slice(-ticksMax).reverse()) {
    x -= later === undefined ? 0 : gapBetween(mark, later)
    if (x < -widthMax) break
    const tone = toneOf(mark.author)
    paths.set(
      tone,
      `${paths.get(tone) ?? ''}M${x.toFixed(1)} ${height}v${-tickHeight(mark.bytes).toFixed(1)}`
    )
    later = mark
  }
  return paths
}

/** Entries of one burst stand close; a pause of a minute is a finger wide, one of a day not much wider. */
const gapBetween = (earlier: EntryMark, later: EntryMark): number => {
  const seconds = Math.max(0, later.at - earlier.at) / 1000
  return seconds < 3 ? 3 : Math.min(64, 3 + 7 * Math.log2(seconds / 3))
}

/** A key press is about 20 bytes and 6 px high, a page of text fills the line. */
const tickHeight = (bytes: number): number => Math.min(height - 4, Math.max(3, 3.2 * Math.log2(bytes / 6)))
