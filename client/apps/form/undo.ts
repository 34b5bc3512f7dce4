import { useEffect, useEffectEvent } from 'react'
import type { UndoResult } from '../../index.ts'
import { useAnnounce } from '../ui/announcer.tsx'
import { useToast } from '../ui/toast.tsx'
import { useHistory } from './form-room.ts'

/** Undo and redo of what you did yourself, said aloud; where others changed the same since, it says so and does nothing. */
export const useUndo = () => {
  const { canUndo, canRedo, undo, redo } = useHistory()
  const announce = useAnnounce()
  const toast = useToast()
  const tell = (result: UndoResult, done: string) => {
    if (result === 'done') announce(done)
    if (result === 'overwritten') toast({ text: 'Somebody changed this after you. It stays as it is.' })
  }
  return {
    canUndo,
    canRedo,
    undo: () => tell(undo(), 'Undone'),
    redo: () => tell(redo(), 'Done again')
  }
}

/** Ctrl or ⌘ with Z, with Shift or with Y: everywhere but in fields that are no part of the room. */
export const useUndoKeys = (): void => {
  const { undo, redo } = useUndo()
  const press = useEffectEvent((event: KeyboardEvent) => {
    const act = (event.ctrlKey || event.metaKey) && !event.altKey ? actOf(event) : null
    if (act === null || event.defaultPrevented || isForeign(event.target)) return
    event.preventDefault()
    if (act === 'undo') undo()
    else redo()
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => press(event)
    window.addEventListener('keydown', listener)
    return () => window.removeEventListener('keydown', listener)
  }, [])
}

const actOf = (event: KeyboardEvent): 'undo' | 'redo' | null => {
  const key = event.key.toLowerCase()
  if (key === 'z') return event.shiftKey ? 'redo' : 'undo'
  return key === 'y' && !event.shiftKey ? 'redo' : null
}

/** A field that keeps its own text until it is sent, and its own undo. */
const isForeign = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('input[type=text], input:not([type]), textarea') &&
  target.closest('[data-path]') === null
