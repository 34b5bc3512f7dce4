import type { ComponentProps } from 'react'

/** A choice of a few, with its label above it. */
export function Select({ label, className = '', children, ...rest }: SelectProps) {
  return (
    <label className={`grid gap-1 font-label ${className}`}>
      {label}
      <select {...rest} className={selectClass}>
        {children}
      </select>
    </label>
  )
}

interface SelectProps extends ComponentProps<'select'> {
  readonly label: string
}

export const selectClass =
  'h-control min-w-0 rounded-control border border-edge bg-sheet px-2 text-sm font-normal text-ink hover:bg-band-2'
