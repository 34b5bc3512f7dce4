import { List, Plus, Split } from 'lucide-react'
import type { MouseEvent } from 'react'
import { bringIntoSight } from '../../ui/bring-into-sight.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { closePopover, Popover } from '../../ui/popover.tsx'
import { type Destination, endOf, inOrder, type Part } from '../arrangement.ts'
import { hasConflict } from '../conflict/bound-words.ts'
import { useEdits } from '../edits.ts'
import { changeAndFocus, focusPath } from '../focus-path.ts'
import { useRights } from '../form-room.ts'
import { OthersHere } from '../others-here.tsx'
import { questionAnchor } from '../whereabouts.ts'

const outlineSheet = 'outline'

/** Opens the outline on phones. */
export function OutlineButton() {
  return (
    <button
      type="button"
      popoverTarget={outlineSheet}
      className="grid h-12 min-w-11 flex-none place-items-center rounded-control text-ink-2"
    >
      <Icon of={List} />
      <span className="sr-only">Questions</span>
    </button>
  )
}

export interface OutlineProps {
  readonly parts: readonly Part[]
  readonly selected: string | null
  onSelect(question: string): void
}

/** All questions in a column of their own; on phones in a sheet that the dock opens. */
export function Outline(props: OutlineProps) {
  return (
    <>
      <nav
        aria-label="Questions"
        className="sticky top-head h-[calc(100dvh-var(--h-head))] self-start overflow-auto border-r border-rule py-4 pr-2 pl-3 text-sm max-wide:hidden"
      >
        <Questions {...props} />
      </nav>
      <Popover id={outlineSheet} label="Questions" className="sheet">
        <Questions {...props} />
      </Popover>
    </>
  )
}

function Questions({ parts, selected, onSelect }: OutlineProps) {
  const mayWrite = useRights()?.mayWrite ?? false
  const edits = useEdits()
  const order = inOrder(parts)
  const go = (event: MouseEvent, id: string) => {
    event.preventDefault()
    closePopover(outlineSheet)
    onSelect(id)
    bringIntoSight(questionAnchor(id))
    // On phones the cursor would bring the keyboard up, over what was asked for.
    if (matchMedia('(pointer: fine)').matches) focusPath(`fields/${id}/label`, { preventScroll: true })
  }
  return (
    <>
      {order.length === 0 && (
        <>
          <h2 className="px-2 pb-1 text-xs font-label text-ink-3">Questions</h2>
          <p className="px-2 text-ink-3">None yet</p>
        </>
      )}
      {parts.map((part) => (
        <div key={part.section?.id ?? ''} className="not-first:mt-4">
          {part.section && (
            <h2 className="truncate px-2 pb-1 text-xs font-label text-ink-3">
              {part.section.title || 'Untitled section'}
            </h2>
          )}
          <ol>
            {part.questions.map((question) => (
              <li key={question.id}>
                <a
                  href={`#${questionAnchor(question.id)}`}
                  aria-current={selected === question.id ? 'true' : undefined}
                  onClick={(event) => go(event, question.id)}
                  className="flex min-h-7.5 items-center gap-2 rounded-control px-2 py-1 text-ink-2 no-underline hover:bg-band-2 focus-visible:-outline-offset-2 aria-[current]:bg-band-2 aria-[current]:font-label aria-[current]:text-ink pointer-coarse:min-h-11"
                >
                  <span className="min-w-3.5 flex-none text-right font-normal text-ink-3">
                    {order.indexOf(question) + 1}
                  </span>
                  <span className="min-w-0 flex-1 truncate">{question.label || 'Untitled question'}</span>
                  {hasConflict(question) && (
                    <>
                      <Icon of={Split} className="size-3.5 text-need" />
                      <span className="sr-only">, several values to choose from</span>
                    </>
                  )}
                  <OthersHere question={question.id} />
                </a>
              </li>
            ))}
          </ol>
        </div>
      ))}
      {mayWrite && order.length > 0 && (
        <Button
          look="bare"
          className="mt-2.5 w-full justify-start"
          onClick={() => {
            closePopover(outlineSheet)
            changeAndFocus(() => `fields/${edits.addQuestion(behind(parts, selected))}/label`)
          }}
        >
          <Icon of={Plus} />
          Add a question
        </Button>
      )}
    </>
  )
}

/** Behind the question that is selected, else at the end of the form. */
const behind = (parts: readonly Part[], selected: string | null): Destination | undefined => {
  const part = parts.find(({ questions }) => questions.some((question) => question.id === selected))
  if (part && selected !== null) return { section: part.section?.id ?? null, after: selected }
  const last = parts.at(-1)
  return last && endOf(last)
}
