import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine'
import {
  draggable,
  dropTargetForElements,
  monitorForElements
} from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { pointerOutsideOfPreview } from '@atlaskit/pragmatic-drag-and-drop/element/pointer-outside-of-preview'
import { setCustomNativeDragPreview } from '@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview'
import { attachClosestEdge, extractClosestEdge } from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge'
import { type RefObject, useEffect, useEffectEvent, useState } from 'react'

/** Where a dragged row is let go: above or below another. */
export type Side = 'top' | 'bottom'

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
  useEffect(() => {
    const element = row.current
    if (element === null) return
    const target = dropTargetForElements({
      element,
      canDrop: ({ source }) => source.data.list === list && source.data.id !== id,
      getData: ({ input }) => attachClosestEdge({ id }, { input, element, allowedEdges: [...sides] }),
      onDrag: ({ self }) => setOver(sideOf(self.data)),
      onDragLeave: () => setOver(null),
      onDrop: () => setOver(null)
    })
    const dragHandle = handle?.current
    if (!dragHandle) return target
    return combine(
      target,
      draggable({
        element,
        dragHandle,
        getInitialData: () => ({ list, id }),
        onGenerateDragPreview: ({ nativeSetDragImage }) =>
          setCustomNativeDragPreview({
            nativeSetDragImage,
            getOffset: pointerOutsideOfPreview({ x: '12px', y: '8px' }),
            render: ({ container }) => drawCarried(container, carried())
          }),
        onDragStart: () => setDragged(true),
        onDrop: () => setDragged(false)
      })
    )
  }, [list, id, row, handle, sides])
  return { over, isDragged }
}

const bothSides: readonly Side[] = ['top', 'bottom']

/** Calls `onDrop` when a row of the list is let go upon another one; true while one is being dragged. */
export const useDrops = (
  list: string,
  onDrop: (moved: string, onto: string, side: Side) => void
): boolean => {
  const [dragging, setDragging] = useState(false)
  const drop = useEffectEvent(onDrop)
  useEffect(
    () =>
      monitorForElements({
        canMonitor: ({ source }) => source.data.list === list,
        onDragStart: () => setDragging(true),
        onDrop: ({ source, location }) => {
          setDragging(false)
          const data = location.current.dropTargets[0]?.data
          const side = data && sideOf(data)
          if (data && side) drop(String(source.data.id), String(data.id), side)
        }
      }),
    [list]
  )
  return dragging
}

const sideOf = (data: Record<string | symbol, unknown>): Side | null => {
  const edge = extractClosestEdge(data)
  return edge === 'top' || edge === 'bottom' ? edge : null
}

const drawCarried = (container: HTMLElement, label: string): void => {
  const chip = document.createElement('div')
  chip.className = 'max-w-80 truncate rounded-control bg-sheet px-3 py-2 text-sm font-name text-ink'
  chip.textContent = label
  container.append(chip)
}
