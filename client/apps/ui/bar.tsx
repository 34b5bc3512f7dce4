import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { Icon } from './icon.tsx'
import { numberOf } from './time-words.ts'

/** The head of every room: bar, log line and, over the page, the banner of a lasting condition. */
export function Bar({ title, isHome, views, tools, saved, people, action, logLine, banner }: BarProps) {
  return (
    <header className="sticky top-0 z-20 bg-paper">
      <a
        href="#content"
        className="absolute top-2 left-2 z-30 -translate-y-20 rounded-control bg-ink px-3 py-2 text-sm text-paper focus-visible:translate-y-0"
      >
        Skip to the content
      </a>
      <div className={`flex h-bar items-center gap-2 pr-2 ${isHome ? 'pl-4' : 'pl-2'} desk:gap-3 desk:px-4`}>
        {!isHome && <Home />}
        <h1 className="min-w-0 flex-initial truncate text-md leading-5 font-name tracking-[-0.003em]">
          {title}
        </h1>
        {views && <Views views={views} />}
        {tools}
        <span className="flex-1" />
        {saved}
        {people}
        {action}
      </div>
      {logLine}
      {banner}
    </header>
  )
}

export interface View {
  readonly name: string
  readonly href: string
  /** How many there are; null: that is not known. */
  readonly count?: number | null
}

export interface BarProps {
  readonly title: string
  /** Nothing is above it to go back to. */
  readonly isHome?: boolean
  readonly views?: readonly View[]
  readonly tools?: ReactNode
  readonly saved?: ReactNode
  readonly people?: ReactNode
  readonly action?: ReactNode
  readonly logLine?: ReactNode
  readonly banner?: ReactNode
}

function Home() {
  return (
    <Link
      href="/"
      aria-label="All forms"
      className="grid size-control flex-none place-items-center rounded-control text-ink hover:bg-band-2"
    >
      <Icon of={ArrowLeft} />
    </Link>
  )
}

function Views({ views }: { views: readonly View[] }) {
  const [location] = useLocation()
  return (
    <nav aria-label="Views" className="flex gap-0.5 self-stretch max-desk:hidden">
      {views.map(({ name, href, count = null }) => (
        <Link
          key={href}
          href={href}
          aria-current={location === href ? 'page' : undefined}
          className="relative flex items-center px-2.5 text-sm font-label text-ink-2 no-underline hover:text-ink aria-[current]:text-ink aria-[current]:after:absolute aria-[current]:after:inset-x-2.5 aria-[current]:after:bottom-0 aria-[current]:after:h-0.5 aria-[current]:after:bg-ink"
        >
          {name}
          {count !== null && <span className="ml-1.5 font-normal text-ink-3">{numberOf(count)}</span>}
        </Link>
      ))}
    </nav>
  )
}
