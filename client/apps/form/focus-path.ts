import { useEffect } from 'react'
import { flushSync } from 'react-dom'
import { after } from '../../clock.ts'
import { useUpdateMyPresence } from './form-room.ts'

/**
 * Tells the others which field you are in: that of the nearest `data-path`. Read after the event, because a row that is
 * moved loses the focus and has it again within one.
 */
export const useFocusPublished = (): void => usePublishedFocus(useUpdateMyPresence())

/** @param publish of stable identity */
export const usePublishedFocus = (publish: (presence: { readonly focus: string | null }) => void): void => {
  useEffect(() => {
    let stop = () => {}
    const notice = () => {
      stop()
      stop = after(0, () => publish({ focus: document.hasFocus() ? pathOf(document.activeElement) : null }))
    }
    document.addEventListener('focusin', notice)
    document.addEventListener('focusout', notice)
    return () => {
      stop()
      document.removeEventListener('focusin', notice)
      document.removeEventListener('focusout', notice)
    }
  }, [publish])
}

const pathOf = (element: Element | null): string | null => {
  const place = element?.closest('[data-path]')
  return place instanceof HTMLElement ? (place.dataset.path ?? null) : null
}

/** Makes a change, and puts the cursor where it leads: the page shows the change before this returns. */
export const changeAndFocus = (change: () => string | null): void => {
  let path: string | null = null
  flushSync(() => {
    path = change()
  })
  if (path !== null) focusPath(path)
}

/** Puts the cursor into a field, at the end of its text. */
export const focusPath = (path: string, options?: FocusOptions): void => {
  const field = document.querySelector<HTMLElement>(`[data-path="${path}"]`)
  field?.focus(options)
  if (field instanceof HTMLTextAreaElement) field.setSelectionRange(field.value.length, field.value.length)
}
