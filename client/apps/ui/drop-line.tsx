import type { Side } from './dragging.ts'

/** Shows between which rows the dragged one would land. */
export function DropLine({ side }: { side: Side | null }) {
  if (side === null) return null
  return (
    <span
      aria-hidden="true"
      className={`pointer-events-none absolute inset-x-0 z-[3] h-0.5 bg-ink ${side === 'top' ? '-top-px' : '-bottom-px'}`}
    />
  )
}
