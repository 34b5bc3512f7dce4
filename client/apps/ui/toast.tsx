import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useEffectEvent,
  useMemo,
  useState
} from 'react'
import { useAnnounce } from './announcer.tsx'
import { useLater } from './timers.ts'

interface Toast {
  readonly text: string
  readonly action?: { readonly label: string; run(): void }
}

type Show = (toast: Toast) => void

const shownMs = 6000
const ToastContext = createContext<Show | null>(null)

/** Says what was just done, with its Undo, for 6 s; one at a time. Never for an error that needs an answer. */
export function Toaster({ children }: { children: ReactNode }) {
  const announce = useAnnounce()
  const [toast, setToast] = useState<(Toast & { readonly id: number }) | null>(null)
  const show = useCallback<Show>(
    (next) => {
      setToast((before) => ({ ...next, id: (before?.id ?? 0) + 1 }))
      announce(next.text)
    },
    [announce]
  )
  return (
    <ToastContext value={useMemo(() => show, [show])}>
      {children}
      {toast && <ToastBox key={toast.id} toast={toast} onClose={() => setToast(null)} />}
    </ToastContext>
  )
}

/** @throws Error outside of `<Toaster>` */
export const useToast = (): Show => {
  const show = useContext(ToastContext)
  if (show === null) throw new Error('useToast needs a <Toaster> above it')
  return show
}

function ToastBox({ toast, onClose }: { toast: Toast; onClose(): void }) {
  // Whoever reaches for the button must not see it go.
  const [held, setHeld] = useState(false)
  useLater(!held, shownMs, onClose)
  // Once something else is written, Undo would take that back and not what the toast is about.
  const close = useEffectEvent(onClose)
  useEffect(() => {
    const listener = () => close()
    document.addEventListener('input', listener)
    return () => document.removeEventListener('input', listener)
  }, [])
  return (
    <section
      aria-label="Just done"
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
      className="fixed bottom-[calc(76px+env(safe-area-inset-bottom))] left-4 right-4 z-30 flex items-center justify-between gap-3 rounded-pop bg-ink py-1.5 pr-2 pl-3.5 text-sm text-paper shadow-pop opening desk:right-auto desk:bottom-6 desk:left-1/2 desk:max-w-[560px] desk:-translate-x-1/2"
    >
      <p className="min-w-0">{toast.text}</p>
      {toast.action && (
        <button
          type="button"
          className="h-control flex-none rounded-[4px] px-2 font-name underline underline-offset-[0.2em] focus-visible:-outline-offset-2 focus-visible:outline-paper"
          onClick={() => {
            toast.action?.run()
            onClose()
          }}
        >
          {toast.action.label}
        </button>
      )}
    </section>
  )
}
