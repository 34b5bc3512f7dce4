import { combine } from '@atlaskit/pragmatic-drag-and-drop/combine'
import {
  draggable,
  dropTargetForElements,
  monitorForElements
} from '@atlaskit/pragmatic-drag-and-drop/element/adapter'
import { pointerOutsideOfPreview } from '@atlaskit/pragmatic-drag-and-drop/element/pointer-outside-of-preview'
import { setCustomNativeDragPreview } from '@atlaskit/pragmatic-drag-and-drop/element/set-custom-native-drag-preview'
import { attachClosestEdge, extractClosestEdge } from '@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge'

/** Where a dragged row is let go: above or below another. */
export type Side = 'top' | 'bottom'

export interface DraggedRow {
  /** Rows of one list; only they can be let go upon each other. */
  readonly list: string
  readonly id: string
  readonly element: HTMLElement
  /** What is dragged by; without one the row only receives. */
  readonly handle: HTMLElement | null
  readonly sides: readonly Side[]
  /** What the pointer carries. */
  label(): string
  /** On which side one would land now. */
  onOver(side: Side | null): void
  onDragged(isDragged: boolean): void
}

/** Makes a row draggable, and a place to let others go, until the returned function is called. */
export const startRow = ({ list, id, element, handle, sides, ...row }: DraggedRow): (() => void) => {
  const target = dropTargetForElements({
    element,
    canDrop: ({ source }) => source.data.list === list && source.data.id !== id,
    getData: ({ input }) => attachClosestEdge({ id }, { input, element, allowedEdges: [...sides] }),
    onDrag: ({ self }) => row.onOver(sideOf(self.data)),
    onDragLeave: () => row.onOver(null),
    onDrop: () => row.onOver(null)
  })
  if (handle === null) return target
  return combine(
    target,
    draggable({
      element,
      dragHandle: handle,
      getInitialData: () => ({ list, id }),
      onGenerateDragPreview: ({ nativeSetDragImage }) =>
        setCustomNativeDragPreview({
          nativeSetDragImage,
          getOffset: pointerOutsideOfPreview({ x: '12px', y: '8px' }),
          render: ({ container }) => drawCarried(container, row.label())
        }),
      onDragStart: () => row.onDragged(true),
      onDrop: () => row.onDragged(false)
    })
  )
}

export interface Drops {
  readonly list: string
  onDragging(isDragging: boolean): void
  onDrop(moved: string, onto: string, side: Side): void
}

/** Tells when a row of the list is dragged and upon which other one it is let go. */
export const watchDrops = ({ list, onDragging, onDrop }: Drops): (() => void) =>
  monitorForElements({
    canMonitor: ({ source }) => source.data.list === list,
    onDragStart: () => onDragging(true),
    onDrop: ({ source, location }) => {
      onDragging(false)
      const data = location.current.dropTargets[0]?.data
      const side = data && sideOf(data)
      if (data && side) onDrop(String(source.data.id), String(data.id), side)
    }
  })

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
