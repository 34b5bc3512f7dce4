import type { ReactNode } from 'react'
import { Bar } from './bar.tsx'

/** A page of its own, for what stands in the way of the work: what happened, what is safe, one thing to do. */
export function Screen({ bar, heading, children, actions }: ScreenProps) {
  // The bar has the heading of the page, where there is a bar.
  const Heading = bar === undefined ? 'h1' : 'h2'
  return (
    <>
      {bar !== undefined && <Bar title={bar} />}
      <main id="content" className="mx-auto max-w-[600px] px-5 pt-16 pb-16">
        <Heading className="text-2xl font-name tracking-title text-balance">{heading}</Heading>
        <div className="mt-2 mb-5 grid gap-4 text-ink-2">{children}</div>
        {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </main>
    </>
  )
}

export interface ScreenProps {
  /** What the bar says; without it there is no bar. */
  readonly bar?: string
  readonly heading: string
  readonly children?: ReactNode
  readonly actions?: ReactNode
}

export function NotFound() {
  return (
    <Screen bar="Roomlog" heading="There is nothing at this address.">
      <p>The link may be cut off, or what it led to was never here.</p>
    </Screen>
  )
}
