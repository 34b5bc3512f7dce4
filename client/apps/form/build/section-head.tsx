import { ArrowUpDown, Trash2 } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { flushSync } from 'react-dom'
import { Button } from '../../ui/button.tsx'
import type { Side } from '../../ui/dragging.ts'
import { DropLine } from '../../ui/drop-line.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, type MenuItem } from '../../ui/popover.tsx'
import { SharedText } from '../../ui/shared-text.tsx'
import { useSortable } from '../../ui/sortable.ts'
import { useToast } from '../../ui/toast.tsx'
import type { Section } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { focusPath } from '../focus-path.ts'
import { useText } from '../form-room.ts'
import { useUndo } from '../undo.ts'
import { sectionAnchor } from '../whereabouts.ts'
import { directions } from './moves.ts'
import { questionsList } from './question-row.tsx'

export interface SectionHeadProps {
  readonly section: Section
  /** The sections before and after it. */
  readonly above: Section | null
  readonly below: Section | null
  readonly mayWrite: boolean
}

const below: readonly Side[] = ['bottom']

/** The name of a section on its rule; a question that is let go here becomes its first. */
export function SectionHead({ section, above, below: next, mayWrite }: SectionHeadProps) {
  const row = useRef<HTMLFieldSetElement>(null)
  const title = useText((form) => form.sections.get(section.id)?.title)
  const name = section.title || 'Untitled section'
  const { over } = useSortable({ list: questionsList, id: section.id, row, label: name, sides: below })
  const moves = useSectionMoves(section, above, next)
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.altKey ? directions[event.key] : undefined
    if (by === undefined) return
    event.preventDefault()
    moves[by === -1 ? 0 : 1]?.run()
  }
  return (
    <fieldset
      ref={row}
      id={sectionAnchor(section.id)}
      data-row
      aria-label={`Section ${name}`}
      onKeyDown={mayWrite ? onKeyDown : undefined}
      className="group relative mt-6 flex min-w-0 scroll-mt-36 items-end gap-1 border-b border-ink pl-7 desk:mt-8 desk:pl-11"
    >
      <DropLine side={over} />
      <SharedText
        text={title}
        aria-label="Title of the section"
        data-path={`sections/${section.id}/title`}
        placeholder="Untitled section"
        readOnly={!mayWrite}
        className="flex-1 text-sm font-name"
        boxClass="pt-[3px] pb-1.5 pointer-coarse:pt-[13px]"
      />
      {mayWrite && <SectionTools section={section} name={name} moves={moves} />}
    </fieldset>
  )
}

function SectionTools({
  section,
  name,
  moves
}: {
  section: Section
  name: string
  moves: readonly MenuItem[]
}) {
  const edits = useEdits()
  const { undo } = useUndo()
  const toast = useToast()
  const menuId = `move-${section.id}`
  const remove = () => {
    flushSync(() => edits.removeSection(section.id))
    focusPath('title', { preventScroll: true })
    toast({
      text: `Removed the section “${name}”. Its questions stay.`,
      action: { label: 'Undo', run: undo }
    })
  }
  return (
    <span className="-mt-2 flex flex-none opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
      <Button
        look="bare"
        square
        popoverTarget={menuId}
        aria-haspopup="menu"
        aria-label={`Move section ${name}`}
      >
        <Icon of={ArrowUpDown} />
      </Button>
      <Menu id={menuId} label={`Move section ${name}`} items={moves} />
      <Button look="bare" square aria-label={`Remove section ${name}`} onClick={remove}>
        <Icon of={Trash2} />
      </Button>
    </span>
  )
}

const useSectionMoves = (
  { id }: Section,
  above: Section | null,
  next: Section | null
): readonly MenuItem[] => {
  const edits = useEdits()
  return [
    {
      label: 'Up',
      keys: 'Alt ↑',
      disabled: above === null,
      run: () => above && flushSync(() => edits.moveSection(id, { before: above.id }))
    },
    {
      label: 'Down',
      keys: 'Alt ↓',
      disabled: next === null,
      run: () => next && flushSync(() => edits.moveSection(id, { after: next.id }))
    }
  ]
}
