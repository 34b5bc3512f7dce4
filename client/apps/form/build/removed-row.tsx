import { useEffect, useEffectEvent, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import type { Choice, FormSnapshot, Question } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { changeAndFocus } from '../focus-path.ts'
import { useRoom } from '../form-room.ts'

/** A question that somebody else removed while the cursor was in it, as it was last seen. */
export interface Removed {
  readonly question: Question
  readonly choices: readonly Choice[]
  /** It stood behind this one; null: it was the first. */
  readonly behind: string | null
  letGo(): void
}

/** The selected question once somebody else removed it, until it is answered or back. What you remove yourself you let go. */
export const useRemoved = (
  form: FormSnapshot,
  order: readonly Question[],
  selected: string | null,
  letGo: () => void
): Removed | null => {
  const [seen, setSeen] = useState<Omit<Removed, 'letGo'> | null>(null)
  const at = order.findIndex((question) => question.id === selected)
  const question = order[at]
  const behind = order[at - 1]?.id ?? null
  useOwnRemoval(selected, letGo)
  if (question === undefined) return seen?.question.id === selected ? { ...seen, letGo } : null
  if (seen?.question !== question || seen.behind !== behind) {
    setSeen({ question, choices: form.options.filter((choice) => choice.field === selected), behind })
  }
  return null
}

/** Tells, before the page shows it, that the question went by a change or an undo of one's own. */
const useOwnRemoval = (selected: string | null, letGo: () => void): void => {
  const room = useRoom()
  const notice = useEffectEvent((transaction: { readonly local: boolean }) => {
    const isThere = room.snapshot.get().fields.some((question) => question.id === selected)
    if (transaction.local && selected !== null && !isThere) letGo()
  })
  const { doc } = room
  useEffect(() => {
    const listener = (transaction: { readonly local: boolean }) => notice(transaction)
    doc.on('afterTransaction', listener)
    return () => doc.off('afterTransaction', listener)
  }, [doc])
}

/** Stands where the question was. It takes the focus that the question lost, so that the next key presses nothing. */
export function RemovedRow({ removed }: { removed: Removed }) {
  const edits = useEdits()
  const putBack = () =>
    changeAndFocus(() => `fields/${edits.addCopy(removed.question, removed.choices, removed.behind)}/label`)
  return (
    <div
      ref={(row) => {
        if (document.activeElement === document.body) row?.focus({ preventScroll: true })
      }}
      tabIndex={-1}
      role="alert"
      data-row
      className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-rule bg-need-tint py-3 pr-3 pl-7 text-sm -outline-offset-2 desk:pl-11"
    >
      <p className="min-w-0 flex-1 wrap-anywhere">
        “{removed.question.label || 'Untitled question'}” was removed by somebody else while you were in it.
      </p>
      <Button look="go" onClick={putBack}>
        Put it back
      </Button>
      <Button look="bare" onClick={removed.letGo}>
        Let it go
      </Button>
    </div>
  )
}
