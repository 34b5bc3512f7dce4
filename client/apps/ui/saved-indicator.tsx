import { type ReactNode, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useAnnounce } from './announcer.tsx'
import { LiveMark } from './live-mark.tsx'
import type { SavedState, SavedWords } from './saved-words.ts'
import { useLasting } from './timers.ts'

const savingSaidAfterMs = 3000

/**
 * The saved indicator: mark and words in the bar, the facts below them on hover, focus or press.
 * It grows over what stands left of it and never pushes it: nothing moves when the state changes.
 */
export function SavedIndicator({ state, words, children }: SavedIndicatorProps) {
  useSpoken(state, words)
  const facts = useFacts(state === 'rejected')
  return (
    <div className="relative h-control w-[7.5rem] flex-none wide:w-72" {...facts.area}>
      <button
        type="button"
        {...facts.button}
        className={`absolute right-0 flex h-control items-center gap-2 rounded-control bg-paper pr-2.5 pl-2 text-sm before:pointer-events-none before:absolute before:inset-y-0 before:right-full before:w-6 before:bg-linear-to-l before:from-paper before:to-transparent font-label whitespace-nowrap [anchor-name:--saved] hover:bg-band-2 hover:text-ink aria-expanded:bg-band-2 ${inks[state]}`}
      >
        <LiveMark state={state} />
        <span className="max-wide:hidden">{words.long}</span>
        <span className="wide:hidden">{words.short}</span>
      </button>
      <div
        {...facts.panel}
        popover="manual"
        className="anchored opening w-[312px] rounded-pop bg-sheet p-3 text-sm text-ink shadow-pop [position-anchor:--saved] max-desk:w-[calc(100vw-16px)]"
      >
        {children}
      </div>
    </div>
  )
}

export interface SavedIndicatorProps {
  readonly state: SavedState
  readonly words: SavedWords
  /** The facts. */
  readonly children: ReactNode
}

const inks: Record<SavedState, string> = {
  loading: 'text-ink-2',
  saving: 'text-ink-2',
  saved: 'text-ink-2',
  offline: 'text-need',
  waiting: 'text-need',
  rejected: 'text-stop'
}

/** Open while pointed at, while focused by key, or pressed open; a refusal opens them and keeps them open. */
const useFacts = (mustOpen: boolean) => {
  const panel = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState(false)
  const [pressed, setPressed] = useState(false)
  const open = mustOpen || pointed || pressed
  useEffect(() => {
    panel.current?.togglePopover(open)
  }, [open])
  const close = () => {
    setPointed(false)
    setPressed(false)
  }
  return {
    area: {
      onPointerEnter: (event: React.PointerEvent) => setPointed(event.pointerType === 'mouse'),
      onPointerLeave: () => setPointed(false),
      onFocus: (event: React.FocusEvent) => event.target.matches(':focus-visible') && setPressed(true),
      onBlur: (event: React.FocusEvent) => !event.currentTarget.contains(event.relatedTarget) && close(),
      onKeyDown: (event: React.KeyboardEvent) => event.key === 'Escape' && close()
    },
    button: {
      'aria-expanded': open,
      'aria-controls': 'facts',
      onClick: () => setPressed((before) => !before)
    },
    panel: { ref: panel, id: 'facts' }
  } as const
}

/** Saving is said only when it takes long, then its Saved too; offline and back are polite, a refusal interrupts. */
const useSpoken = (state: SavedState, words: SavedWords): void => {
  const announce = useAnnounce()
  const slow = useLasting(state === 'saving', savingSaidAfterMs)
  const spoken = useRef<SavedState | null>(null)
  // Only the state is news: a count that goes up with each key press is not.
  const speak = useEffectEvent((now: SavedState) => {
    if (now === 'saved' && spoken.current === null) return
    announce(words.long, now === 'rejected' ? 'assertive' : 'polite')
    spoken.current = now === 'saved' ? null : now
  })
  useEffect(() => {
    if (slow || (state !== 'saving' && state !== 'loading')) speak(state)
  }, [state, slow])
}
