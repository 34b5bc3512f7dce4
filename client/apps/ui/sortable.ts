import { type RefObject, useEffect, useEffectEvent, useState } from 'react'
import { useStore } from '../../react/index.ts'
import type { Side } from './dragging.ts'
import { onDemand } from './on-demand.tsx'

/** Until it is here, and where it cannot be fetched, rows are moved by key and menu. */
export const dragging = onDemand(() => import('./dragging.ts'))

const useDragging = () => {
  const coming = useStore(dragging)
  useEffect(() => void dragging.fetch(), [])
  return coming.state === 'here' ? coming.it : null
}

export interface SortableRow {
  /** Rows of one list; only they can be let go upon each other. */
  readonly list: string
  readonly id: string
  readonly row: RefObject<HTMLElement | null>
  /** What is dragged by; without one the row only receives. */
  readonly handle?: RefObject<HTMLElement | null>
  /** What the pointer carries. */
  readonly label: string
  readonly sides?: readonly Side[]
}

/** Makes a row draggable by its handle and a place to let others go. `over` is the side on which one would land now. */
export const useSortable = ({ list, id, row, handle, label, sides = bothSides }: SortableRow) => {
  const [over, setOver] = useState<Side | null>(null)
  const [isDragged, setDragged] = useState(false)
  const carried = useEffectEvent(() => label)
  const adapter = useDragging()
  useEffect(() => {
    const element = row.current
    if (element === null || adapter === null) return
    return adapter.startRow({
      list,
      id,
      element,
      handle: handle?.current ?? null,
      sides,
      label: () => carried(),
      onOver: setOver,
      onDragged: setDragged
    })
  }, [adapter, list, id, row, handle, sides])
  return { over, isDragged }
}

const bothSides: readonly Side[] = ['top', 'bottom']

/** Calls `onDrop` when a row of the list is let go upon another one; true while one is being dragged. */
export const useDrops = (
  list: string,
  onDrop: (moved: string, onto: string, side: Side) => void
): boolean => {
  const [isDragging, setDragging] = useState(false)
  const drop = useEffectEvent(onDrop)
  const adapter = useDragging()
  useEffect(
    () =>
      adapter?.watchDrops({
        list,
        onDragging: setDragging,
        onDrop: (moved, onto, side) => drop(moved, onto, side)
      }),
    [adapter, list]
  )
  return isDragging
}
