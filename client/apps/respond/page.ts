import { useEffect, useRef } from 'react'
import { useSearchParams } from 'wouter'
import { questionAnchor } from '../form/whereabouts.ts'

/** The id of the heading of a page. */
export const pageAnchor = 'page'

/** Turns to a page, to its beginning or to one of its questions. */
export type Turn = (page: number, question?: string) => void

/** Which page is shown, from 0: part of the address, so that the browser's Back turns back. */
export const usePage = (count: number): readonly [number, Turn] => {
  const [search, setSearch] = useSearchParams()
  const asked = Number(search.get('page') ?? 1) - 1
  const page = Math.max(0, Math.min(Number.isSafeInteger(asked) ? asked : 0, count - 1))
  const target = useRef<string | null>(null)
  const shown = useRef(page)
  useEffect(() => {
    if (shown.current === page) return
    shown.current = page
    focusAt(target.current)
    target.current = null
  }, [page])
  const turn: Turn = (to, question) => {
    const anchor = question === undefined ? null : questionAnchor(question)
    if (to === page) return focusAt(anchor)
    target.current = anchor
    setSearch({ page: String(to + 1) })
  }
  return [page, turn]
}

/** Into the first field of a question; without one, to the beginning of the page. */
const focusAt = (anchor: string | null): void => {
  if (anchor === null) {
    window.scrollTo({ top: 0, behavior: 'instant' })
    document.getElementById(pageAnchor)?.focus({ preventScroll: true })
    return
  }
  const row = document.getElementById(anchor)
  row?.scrollIntoView({ block: 'start', behavior: 'instant' })
  row?.querySelector<HTMLElement>('input, textarea, select')?.focus({ preventScroll: true })
}
