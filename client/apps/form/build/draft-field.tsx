import { type ComponentProps, useState } from 'react'

export interface DraftFieldProps extends Omit<ComponentProps<'input'>, 'value' | 'onChange'> {
  readonly value: string
  /** The text is whole: the cursor leaves it, or Enter was pressed. */
  onGive(text: string): void
}

/** A field whose text is given when it is whole; until then others neither see nor change what is written here. */
export function DraftField({ value, onGive, className = '', ...rest }: DraftFieldProps) {
  const [draft, setDraft] = useState<string | null>(null)
  const give = () => {
    if (draft !== null && draft !== value) onGive(draft)
    setDraft(null)
  }
  return (
    <input
      autoComplete="off"
      {...rest}
      value={draft ?? value}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={give}
      onKeyDown={(event) => event.key === 'Enter' && give()}
      className={`h-8 bg-transparent text-ink pointer-coarse:h-11 ${className}`}
    />
  )
}
