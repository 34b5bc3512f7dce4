import { Component, createRef, type ReactNode } from 'react'

interface KeepPlaceProps {
  /** Finds what scrolls around it; the page unless said otherwise. */
  readonly scroller?: string
  readonly children: ReactNode
}

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
export class KeepPlace extends Component<KeepPlaceProps> {
  readonly #box = createRef<HTMLDivElement>()

  override getSnapshotBeforeUpdate(): Kept | null {
    const box = this.#box.current
    const focus = document.activeElement instanceof HTMLElement ? document.activeElement : null
    const inside = focus !== null && box?.contains(focus) ? focus : null
    const element = inside ?? firstInSight(box, this.#scroller())
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
    if (Math.abs(moved) >= 1) (this.#scroller() ?? window).scrollBy({ top: moved, behavior: 'instant' })
  }

  override render(): ReactNode {
    // Browsers that anchor the scroll themselves would do it twice.
    return (
      <div ref={this.#box} className="[overflow-anchor:none]">
        {this.props.children}
      </div>
    )
  }

  #scroller(): Element | null {
    const { scroller } = this.props
    return scroller === undefined ? null : (this.#box.current?.closest(scroller) ?? null)
  }
}

/** The topmost row that is whole in sight; none at the very top, where new things may push it down. */
const firstInSight = (box: HTMLElement | null, scroller: Element | null): HTMLElement | null => {
  if (box === null || (scroller?.scrollTop ?? window.scrollY) === 0) return null
  const top = scroller?.getBoundingClientRect().top ?? headHeight
  const rows = box.querySelectorAll<HTMLElement>('[data-row]')
  return [...rows].find((row) => row.getBoundingClientRect().top >= top) ?? null
}

/** Bar and log line: what is below them is hidden. */
const headHeight = 76

const isText = (element: HTMLElement): element is HTMLTextAreaElement =>
  element instanceof HTMLTextAreaElement

const selectionOf = (element: HTMLElement | null): readonly [number, number] | null =>
  element && isText(element) ? [element.selectionStart, element.selectionEnd] : null
