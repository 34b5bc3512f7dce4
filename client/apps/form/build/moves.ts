import type { KeyboardEvent } from 'react'
import { flushSync } from 'react-dom'
import { useAnnounce } from '../../ui/announcer.tsx'
import type { MenuItem } from '../../ui/popover.tsx'
import {
  arrange,
  type Destination,
  endOf,
  inOrder,
  neighbouring,
  type Part,
  startOf
} from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { useRoom, useStorage } from '../form-room.ts'

/** Moves a question and says where it is now; the row keeps the focus, so that the next key moves it on. */
export const useMoveQuestion = () => {
  const edits = useEdits()
  const room = useRoom()
  const announce = useAnnounce()
  return (id: string, to: Destination | null): void => {
    if (to === null) return announce('It is at the end of the form')
    flushSync(() => edits.moveQuestion(id, to))
    const order = inOrder(arrange(room.snapshot.get()))
    announce(`Moved, question ${order.findIndex((question) => question.id === id) + 1} of ${order.length}`)
  }
}

/** Alt with an arrow moves the question that the cursor is in. */
export const useMoveByKey = (id: string) => {
  const room = useRoom()
  const move = useMoveQuestion()
  return (event: KeyboardEvent): void => {
    const by =
      event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey ? directions[event.key] : undefined
    if (by === undefined || event.defaultPrevented) return
    event.preventDefault()
    move(id, neighbouring(arrange(room.snapshot.get()), id, by))
  }
}

export const directions: Readonly<Record<string, -1 | 1>> = { ArrowUp: -1, ArrowDown: 1 }

/** Where a question can go without being dragged. */
export const useMoves = (id: string): readonly MenuItem[] => {
  const parts = arrange(useStorage())
  const move = useMoveQuestion()
  const up = neighbouring(parts, id, -1)
  const down = neighbouring(parts, id, 1)
  const first = parts[0]
  const last = parts.at(-1)
  return [
    { label: 'Up', keys: 'Alt ↑', disabled: up === null, run: () => move(id, up) },
    { label: 'Down', keys: 'Alt ↓', disabled: down === null, run: () => move(id, down) },
    { label: 'To the top', disabled: up === null, run: () => first && move(id, startOf(first, id)) },
    { label: 'To the bottom', disabled: down === null, run: () => last && move(id, endOf(last, id)) },
    ...otherSections(parts, id).map((part) => ({
      label: `To “${part.section?.title || 'Untitled section'}”`,
      run: () => move(id, endOf(part, id))
    }))
  ]
}

const otherSections = (parts: readonly Part[], id: string): readonly Part[] =>
  parts.filter((part) => part.section && !part.questions.some((question) => question.id === id))
