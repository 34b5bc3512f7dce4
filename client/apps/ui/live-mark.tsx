import type { SavedState } from './saved-words.ts'

/** Three bars, the last is the head of the log: the saved indicator's picture, and the only logo there is. */
export function LiveMark({ state }: { state: SavedState }) {
  return (
    <svg
      className={`block size-[18px] flex-none fill-ink-3 ${state === 'loading' ? 'mark-reading' : ''}`}
      viewBox="0 0 17 17"
      aria-hidden="true"
    >
      <rect x="1" y="9" width="3" height="6" rx="1" />
      <rect x="6" y={state === 'loading' ? 9 : 7} width="3" height={state === 'loading' ? 6 : 8} rx="1" />
      {head[state]}
    </svg>
  )
}

const hollow = {
  x: 11.75,
  y: 2.75,
  width: 3.5,
  height: 11.5,
  rx: 1,
  fill: 'none',
  stroke: 'currentColor',
  strokeWidth: 1.5
}

const head = {
  loading: <rect {...hollow} y={3.75} height={10.5} />,
  saving: (
    <>
      <rect {...hollow} />
      <rect className="mark-filling fill-current" x="11.75" y="7" width="3.5" height="7.5" />
    </>
  ),
  saved: <rect className="fill-log" x="11" y="2" width="5" height="13" rx="1" />,
  offline: <rect {...hollow} strokeDasharray="2 1.6" />,
  waiting: (
    <>
      <rect {...hollow} />
      <rect className="fill-current" x="11.75" y="8.5" width="3.5" height="6" />
    </>
  ),
  rejected: (
    <>
      <rect className="fill-current" x="12" y="2" width="3.5" height="8" rx="1" />
      <circle className="fill-current" cx="13.75" cy="13.4" r="1.9" />
    </>
  )
} satisfies Record<SavedState, React.ReactNode>
