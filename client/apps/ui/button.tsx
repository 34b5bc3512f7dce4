import type { ComponentProps } from 'react'

type Look = 'plain' | 'go' | 'bare'

/** A verb. `go` is the one thing to do next; `bare` stands among text; `square` holds an icon alone. */
export function Button({ look = 'plain', square = false, className = '', ...rest }: ButtonProps) {
  return <button type="button" {...rest} className={`${buttonClasses(look, square)} ${className}`} />
}

export interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: Look
  readonly square?: boolean
}

/** The same look for a link. */
export const buttonClasses = (look: Look = 'plain', square = false): string =>
  `inline-flex h-control flex-none items-center justify-center gap-1.5 rounded-control border text-sm/none font-label whitespace-nowrap no-underline transition-colors disabled:cursor-default ${square ? 'w-control' : 'px-3'} ${looks[look]}`

const looks: Record<Look, string> = {
  plain:
    'border-edge bg-sheet hover:bg-band-2 disabled:border-rule disabled:bg-transparent disabled:text-ink-3',
  go: 'border-ink bg-ink text-paper -outline-offset-4 hover:bg-[color-mix(in_oklch,var(--ink)_86%,var(--paper))] focus-visible:outline-paper disabled:border-rule disabled:bg-transparent disabled:text-ink-3',
  // Undo keeps the focus when there is nothing left to undo: disabled for those who look and listen, not for the focus.
  bare: 'border-transparent text-ink-2 not-aria-disabled:hover:bg-band-2 not-aria-disabled:hover:text-ink aria-disabled:cursor-default aria-disabled:opacity-40'
}
