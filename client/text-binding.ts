/** Ties a shared text to an `<input>` or `<textarea>`: what is typed goes out as strokes, what others type comes in. */
import { RoomlogError } from '../schema/error-codes.ts'
import type { LiveText } from '../schema/live-storage.ts'
import { type Delta, diffText, moveIndex } from '../schema/text-diff.ts'

export type TextElement = HTMLInputElement | HTMLTextAreaElement

interface TextBinding {
  readonly element: TextElement
  readonly text: LiveText
  /** Where the selection is now, or null once the element has lost the focus. */
  selected(range: { readonly start: number; readonly end: number } | null): void
  /** The browser's own undo knows nothing of what others typed. */
  undo(): void
  redo(): void
}

/** @returns a function that unties them */
export const bindText = ({ element, text, selected, undo, redo }: TextBinding): (() => void) => {
  /** The shared text that the element's content began from, and what others did to it since, during a composition. */
  let base = text.toString()
  let held: Delta[] = []
  let isComposing = false
  let isTyping = false
  element.value = base

  const show = (): void => {
    held = []
    base = text.toString()
    if (element.value !== base) element.value = base
  }
  const type = (): void => {
    const change = diffText(base, element.value, element.selectionStart ?? undefined)
    if (change === null) return
    const index = held.reduce((at, delta) => moveIndex(at, delta, false), change.index)
    const end = held.reduce((at, delta) => moveIndex(at, delta, true), change.index + change.remove)
    isTyping = true
    try {
      text.type({ index, remove: end - index, insert: change.insert })
    } catch (error) {
      // The room takes nothing now; what it holds is shown again below.
      if (!(error instanceof RoomlogError)) throw error
    } finally {
      isTyping = false
    }
  }
  const typed = (): void => {
    if (isComposing) return
    type()
    keepSelection(element, [], show)
  }
  const changed = ({ delta }: { readonly delta: Delta }): void => {
    if (isTyping) return
    if (isComposing) held.push(delta)
    else keepSelection(element, [delta], show)
  }
  const composed = (): void => {
    isComposing = false
    const deltas = held
    type()
    keepSelection(element, deltas, show)
  }
  const select = (): void => {
    const { selectionStart: start, selectionEnd: end } = element
    if (element.ownerDocument.activeElement === element && start !== null && end !== null)
      selected({ start, end })
  }

  const { y } = text
  y.observe(changed)
  const stop = listen(element, {
    input: typed,
    compositionstart: () => {
      isComposing = true
    },
    compositionend: composed,
    focus: select,
    blur: () => selected(null),
    beforeinput: (event) => {
      const act = { historyUndo: undo, historyRedo: redo }[inputTypeOf(event)]
      if (act === undefined) return
      event.preventDefault()
      act()
    }
  })
  element.ownerDocument.addEventListener('selectionchange', select)
  return () => {
    if (isComposing) composed()
    y.unobserve(changed)
    stop()
    element.ownerDocument.removeEventListener('selectionchange', select)
    if (element.ownerDocument.activeElement === element) selected(null)
  }
}

/** Setting the content of a field puts the caret at its end, and a long text to its top. */
const keepSelection = (element: TextElement, deltas: readonly Delta[], show: () => void): void => {
  const { selectionStart, selectionEnd, selectionDirection, scrollTop, value } = element
  show()
  if (element.value === value || selectionStart === null || selectionEnd === null) return
  if (element.ownerDocument.activeElement !== element) return
  const isCaret = selectionStart === selectionEnd
  const start = deltas.reduce((at, delta) => moveIndex(at, delta, !isCaret), selectionStart)
  const end = deltas.reduce((at, delta) => moveIndex(at, delta, false), selectionEnd)
  element.setSelectionRange(start, Math.max(start, end), selectionDirection ?? 'none')
  element.scrollTop = scrollTop
}

const inputTypeOf = (event: Event): string => (event instanceof InputEvent ? event.inputType : '')

const listen = (
  element: TextElement,
  listeners: Readonly<Record<string, (event: Event) => void>>
): (() => void) => {
  for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener)
  return () => {
    for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name, listener)
  }
}
