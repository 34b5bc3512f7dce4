import { type KeyboardEvent, type ReactNode, useRef } from 'react'

const panel = 'anchored opening rounded-pop bg-sheet p-3 text-sm text-ink shadow-pop'

/** A panel below the button that names it in `popoverTarget`. Escape, and a press outside, close it. */
export function Popover({ id, label, className = '', children }: PopoverProps) {
  return (
    <section id={id} popover="auto" aria-label={label} className={`${panel} ${className}`}>
      {children}
    </section>
  )
}

export interface PopoverProps {
  readonly id: string
  readonly label: string
  readonly className?: string
  readonly children: ReactNode
}

export const closePopover = (id: string): void => document.getElementById(id)?.hidePopover()

/** A list of things to do: arrows walk it, the first letter jumps, whoever opened it has the focus again afterwards. */
export function Menu({ id, label, items }: MenuProps) {
  const list = useRef<HTMLDivElement>(null)
  return (
    <div
      id={id}
      ref={list}
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      className={`${panel} min-w-44 p-1`}
      onToggle={(event) => event.newState === 'open' && focusItem(list.current, 0)}
      onKeyDown={(event) => walk(event, list.current)}
    >
      {items.map((item) => (
        <button
          key={item.label}
          type="button"
          role="menuitem"
          tabIndex={-1}
          aria-disabled={item.disabled}
          className="flex min-h-control w-full items-center gap-6 rounded-control px-2.5 text-left text-sm hover:bg-band-2 focus-visible:bg-band-2 focus-visible:-outline-offset-2 aria-disabled:text-ink-3 aria-disabled:hover:bg-transparent"
          onClick={() => {
            if (item.disabled) return
            closePopover(id)
            item.run()
          }}
        >
          <span className="flex-1">{item.label}</span>
          {item.keys && <kbd className="font-sans text-xs text-ink-3">{item.keys}</kbd>}
        </button>
      ))}
    </div>
  )
}

export interface MenuItem {
  readonly label: string
  /** The keys that do the same. */
  readonly keys?: string
  readonly disabled?: boolean
  run(): void
}

export interface MenuProps {
  readonly id: string
  readonly label: string
  readonly items: readonly MenuItem[]
}

const walk = (event: KeyboardEvent, list: HTMLElement | null): void => {
  const items = itemsOf(list)
  const at = items.findIndex((item) => item.matches(':focus'))
  if (event.key === 'Tab') list?.hidePopover()
  const to = targetOf(event.key, at, items)
  if (to === null) return
  event.preventDefault()
  focusItem(list, to)
}

const targetOf = (key: string, at: number, items: readonly HTMLElement[]): number | null => {
  if (key === 'ArrowDown') return (at + 1) % items.length
  if (key === 'ArrowUp') return (at - 1 + items.length) % items.length
  if (key === 'Home') return 0
  if (key === 'End') return items.length - 1
  if (key.length !== 1 || key === ' ') return null
  const startsWith = (item: HTMLElement) => item.textContent.toLowerCase().startsWith(key.toLowerCase())
  const after = items.findIndex((item, index) => index > at && startsWith(item))
  const found = after >= 0 ? after : items.findIndex(startsWith)
  return found >= 0 ? found : null
}

const itemsOf = (list: HTMLElement | null): readonly HTMLElement[] =>
  list === null ? [] : [...list.querySelectorAll<HTMLElement>('[role=menuitem]')]

const focusItem = (list: HTMLElement | null, index: number): void => itemsOf(list)[index]?.focus()
