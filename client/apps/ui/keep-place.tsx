import { Component, type ReactNode } from 'react'

interface Kept {
  readonly element: HTMLElement
  readonly top: number
  readonly focus: HTMLElement | null
  readonly selection: readonly [number, number] | null
}

/**
 * Whatever changes inside, what you are at stays where it is: the field that you write in keeps its focus and its
 * selection when its row is moved, and neither it nor the row that you read slides away when something grows above.
 *
 * A class, because only a class is asked by React right before the page changes.
 */
export class KeepPlace extends Component<{ readonly children: ReactNode }> {
  override getSnapshotBeforeUpdate(): Kept | null {
    const focus = document.activeElement instanceof HTMLElement ? document.activeElement : null
    const inside = focus?.closest('[data-keep-place]') ? focus : null
    const element = inside ?? firstInSight()
    return (
      element && {
        element,
        top: element.getBoundingClientRect().top,
        focus: inside,
        selection: selectionOf(inside)
      }
    )
  }

  override componentDidUpdate(_props: unknown, _state: unknown, kept: Kept | null): void {
    if (!kept?.element.isConnected) return
    if (kept.focus && document.activeElement !== kept.focus) {
      kept.focus.focus({ preventScroll: true })
      if (kept.selection && isText(kept.focus)) kept.focus.setSelectionRange(...kept.selection)
    }
    const moved = kept.element.getBoundingClientRect().top - kept.top
    if (Math.abs(moved) >= 1) window.scrollBy({ top: moved, behavior: 'instant' })
  }

  override render(): ReactNode {
    // Browsers that anchor the scroll themselves would do it twice.
    return (
      <div data-keep-place className="[overflow-anchor:none]">
        {this.props.children}
      </div>
    )
  }
}

/** The topmost row of the page that is whole in sight; none at the very top, where new things may push it down. */
const firstInSight = (): HTMLElement | null => {
  if (window.scrollY === 0) return null
  const rows = document.querySelectorAll<HTMLElement>('[data-keep-place] [data-row]')
  return [...rows].find((row) => row.getBoundingClientRect().top >= headHeight) ?? null
}

/** Bar and log line: what is below them is hidden. */
const headHeight = 76

const isText = (element: HTMLElement): element is HTMLTextAreaElement =>
  element instanceof HTMLTextAreaElement

const selectionOf = (element: HTMLElement | null): readonly [number, number] | null =>
  element && isText(element) ? [element.selectionStart, element.selectionEnd] : null
