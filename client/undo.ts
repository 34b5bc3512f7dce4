import * as Y from 'yjs'
import type { Rewritable } from '../schema/live-storage.ts'
import { createStore, type Store } from './store.ts'
import { createClaimsHistory } from './undo-claims.ts'

/** done; overwritten: others changed the same since, so nothing was done; empty: there is no such step, or you may not write now. */
export type UndoResult = 'done' | 'overwritten' | 'empty'

export interface UndoState {
  readonly canUndo: boolean
  readonly canRedo: boolean
}

/** Undo of what was changed here, never of what others did. One mutation is one step. */
export interface UndoHistory extends Store<UndoState> {
  undo(): UndoResult
  redo(): UndoResult
  /** Until `resume`, everything that is changed becomes one step. */
  pause(): void
  resume(): void
  clear(): void
}

export interface DocumentHistory extends UndoHistory {
  /** The next change begins a step. */
  beginStep(): void
  /** The next change goes on with the step if it is typed into the same text, without a pause. */
  typeInto(text: string): void
  /** The change that is being made takes the place of what a contested value shows. */
  rewrites(contested: Rewritable): void
  destroy(): void
}

/** Typing without a longer pause is one step. */
const typingPauseMs = 500

interface HistoryOptions {
  /** Of the transactions that can be undone. */
  readonly origin: object
  mayWrite(): boolean
}

export const createHistory = (doc: Y.Doc, { origin, mayWrite }: HistoryOptions): DocumentHistory => {
  const manager = new Y.UndoManager(doc, {
    trackedOrigins: new Set([origin]),
    captureTimeout: typingPauseMs,
    // A step that changed nothing is none.
    captureTransaction: ({ changed }) => changed.size > 0
  })
  const state = createStore<UndoState>({ canUndo: false, canRedo: false })
  const claims = createClaimsHistory(doc, manager)
  let typingIn: string | null = null
  let isPaused = false

  const refresh = (): void => {
    const next = { canUndo: manager.canUndo(), canRedo: manager.canRedo() }
    const { canUndo, canRedo } = state.get()
    if (next.canUndo !== canUndo || next.canRedo !== canRedo) state.set(next)
  }
  manager.on('stack-item-added', refresh)
  manager.on('stack-item-popped', refresh)
  manager.on('stack-cleared', refresh)

  const beginStep = (): void => {
    typingIn = null
    if (!isPaused) manager.stopCapturing()
  }
  /**
   * Yjs goes on to the step before when others have overwritten everything of the newest one, and so would undo
   * something that nobody is looking at. So it is shown the newest step alone.
   */
  const pop = (direction: 'undo' | 'redo'): UndoResult => {
    typingIn = null
    if (!mayWrite()) return 'empty'
    const stack = direction === 'undo' ? 'undoStack' : 'redoStack'
    const older = manager[stack]
    const newest = older.pop()
    if (newest === undefined) return 'empty'
    manager[stack] = [newest]
    const isDone = claims.pop(direction, newest)
    manager[stack] = older
    refresh()
    return isDone ? 'done' : 'overwritten'
  }

  return {
    ...state,
    undo: () => pop('undo'),
    redo: () => pop('redo'),
    pause: () => {
      beginStep()
      isPaused = true
      manager.captureTimeout = Number.POSITIVE_INFINITY
    },
    resume: () => {
      isPaused = false
      manager.captureTimeout = typingPauseMs
      beginStep()
    },
    clear: () => manager.clear(),
    beginStep,
    typeInto: (text) => {
      if (typingIn !== text) beginStep()
      typingIn = text
    },
    rewrites: claims.rewrites,
    destroy: () => manager.destroy()
  }
}
