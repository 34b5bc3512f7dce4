import { Redo2, Undo2 } from 'lucide-react'
import { type ReactNode, useEffect } from 'react'
import { Link, useLocation } from 'wouter'
import { Bar, type View } from '../ui/bar.tsx'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icon.tsx'
import { useBackOnlineSaid } from './back-online.ts'
import { FormBanner } from './banners.tsx'
import { useFocusPublished } from './focus-path.ts'
import { useRights, useStorage } from './form-room.ts'
import { FormLogLine } from './log-line.tsx'
import { useOthersSaid } from './others-said.ts'
import { FormPeople } from './people.tsx'
import { useEscalationsSaid, useRoleSaid } from './role-said.ts'
import { FormSaved } from './saved.tsx'
import { Share } from './share/share.tsx'
import { useUndo, useUndoKeys } from './undo.ts'

export const untitled = 'Untitled form'

/** What is the same around every view of a form: bar, log line, banner and, on phones, the dock. */
export function FormFrame({ id, dock, beside = '', sent = null, children }: FormFrameProps) {
  const title = useStorage((form) => form.title) || untitled
  const mayWrite = useRights()?.mayWrite ?? false
  useFocusPublished()
  useUndoKeys()
  useOthersSaid()
  useBackOnlineSaid()
  useRoleSaid()
  useEscalationsSaid()
  useEffect(() => {
    document.title = `${title} · Roomlog`
  }, [title])
  const views = viewsOf(id, mayWrite, sent)
  return (
    <div className={beside}>
      <Bar
        title={title}
        views={views}
        tools={mayWrite && <UndoButtons className="max-desk:hidden" />}
        saved={<FormSaved />}
        people={<FormPeople />}
        action={<Share id={id} />}
        logLine={<FormLogLine />}
        banner={<FormBanner />}
      />
      {children}
      <nav
        aria-label="Views and tools"
        className="fixed inset-x-0 bottom-0 z-20 flex border-t border-rule bg-paper px-1 pt-1 pb-[calc(4px+env(safe-area-inset-bottom))] desk:hidden"
      >
        {views.map((view) => (
          <DockLink key={view.href} {...view} />
        ))}
        {dock}
        {mayWrite && <UndoButtons className="h-12" />}
      </nav>
    </div>
  )
}

export interface FormFrameProps {
  readonly id: string
  /** What the view adds to the dock. */
  readonly dock?: ReactNode
  /** Sets `--beside`: how much of the left the banner leaves free, for a column of its own. */
  readonly beside?: string
  /** How many responses there are, where it is known. */
  readonly sent?: number | null
  readonly children: ReactNode
}

/** Whoever may write a form reads the responses to it. */
const viewsOf = (id: string, mayWrite: boolean, sent: number | null): readonly View[] => {
  const build = `/form/${encodeURIComponent(id)}`
  return [
    { name: 'Build', href: build },
    { name: 'Fill', href: `${build}/fill` },
    ...(mayWrite ? [{ name: 'Responses', href: `${build}/responses`, count: sent }] : [])
  ]
}

function DockLink({ name, href }: View) {
  const [location] = useLocation()
  return (
    <Link
      href={href}
      aria-current={location === href ? 'page' : undefined}
      className="relative grid h-12 flex-1 place-items-center rounded-control text-sm font-label text-ink-2 no-underline aria-[current]:text-ink aria-[current]:after:absolute aria-[current]:after:inset-x-3 aria-[current]:after:-top-1 aria-[current]:after:h-0.5 aria-[current]:after:bg-ink"
    >
      {name}
    </Link>
  )
}

function UndoButtons({ className }: { className: string }) {
  const { canUndo, canRedo, undo, redo } = useUndo()
  return (
    <span className={`flex flex-none items-center ${className}`}>
      <Button
        look="bare"
        square
        aria-disabled={!canUndo}
        onClick={undo}
        aria-label="Undo"
        title="Undo (Ctrl Z)"
      >
        <Icon of={Undo2} />
      </Button>
      <Button
        look="bare"
        square
        aria-disabled={!canRedo}
        onClick={redo}
        aria-label="Redo"
        title="Redo (Ctrl Shift Z)"
      >
        <Icon of={Redo2} />
      </Button>
    </span>
  )
}
