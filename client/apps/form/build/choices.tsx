import { ArrowUpDown, GripVertical, X } from 'lucide-react'
import { type KeyboardEvent, useRef } from 'react'
import { flushSync } from 'react-dom'
import { shallow } from '../../../react/index.ts'
import { Button } from '../../ui/button.tsx'
import { DropLine } from '../../ui/drop-line.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, type MenuItem } from '../../ui/popover.tsx'
import { SharedText } from '../../ui/shared-text.tsx'
import { useDrops, useSortable } from '../../ui/sortable.ts'
import type { Choice, Question } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { changeAndFocus } from '../focus-path.ts'
import { useStorage, useText } from '../form-room.ts'
import { Box } from './box.tsx'
import { directions } from './moves.ts'

export interface ChoicesProps {
  readonly question: Question
  readonly isSelected: boolean
  readonly mayWrite: boolean
}

/** The choices of a question, one per line: Enter begins the next, Backspace in an empty one takes it away. */
export function Choices({ question, isSelected, mayWrite }: ChoicesProps) {
  const choices = useStorage((form) => form.options.filter((choice) => choice.field === question.id), shallow)
  const edits = useEdits()
  useDrops(`choices of ${question.id}`, (moved, onto, side) =>
    edits.moveChoice(moved, side === 'top' ? { before: onto } : { after: onto })
  )
  if (choices.length === 0) return <p className="mt-2 text-sm text-ink-3">No choices yet</p>
  return (
    <ul className="mt-2 grid gap-0.5 pointer-coarse:mt-0">
      {choices.map((choice, index) => (
        <ChoiceRow
          key={choice.id}
          choice={choice}
          choices={choices}
          index={index}
          type={question.type}
          isSelected={isSelected && mayWrite}
          mayWrite={mayWrite}
        />
      ))}
    </ul>
  )
}

interface ChoiceRowProps {
  readonly choice: Choice
  readonly choices: readonly Choice[]
  readonly index: number
  readonly type: Question['type']
  readonly isSelected: boolean
  readonly mayWrite: boolean
}

function ChoiceRow({ choice, choices, index, type, isSelected, mayWrite }: ChoiceRowProps) {
  const { id, field } = choice
  const row = useRef<HTMLLIElement>(null)
  const handle = useRef<HTMLSpanElement>(null)
  const text = useText((form) => form.options.get(id)?.label)
  const { over, isDragged } = useSortable({
    list: `choices of ${field}`,
    id,
    row,
    handle,
    label: choice.label
  })
  const acts = useChoiceActs(choice, choices, index)
  return (
    <li
      ref={row}
      className={`group/choice relative flex min-h-8 items-center pointer-coarse:min-h-11 gap-2.5 text-sm ${isDragged ? 'opacity-40' : ''}`}
    >
      <DropLine side={over} />
      <span
        ref={handle}
        data-handle
        aria-hidden="true"
        className={`absolute -left-6.5 cursor-grab text-ink-3 ${isSelected ? 'max-desk:hidden' : 'hidden'}`}
      >
        <Icon of={GripVertical} />
      </span>
      {type === 'dropdown' ? (
        <span className="w-4 text-right text-ink-3">{index + 1}</span>
      ) : (
        <Box round={type === 'single-choice'} />
      )}
      <SharedText
        text={text}
        aria-label={`Choice ${index + 1}`}
        data-path={`options/${id}/label`}
        placeholder={`Choice ${index + 1}`}
        readOnly={!mayWrite}
        onEnter={() => mayWrite && acts.addBelow()}
        onKeyDown={mayWrite ? acts.onKeyDown : undefined}
        className={`flex-1 max-w-75 border-b ${isSelected ? 'border-rule' : 'border-transparent'}`}
        boxClass="py-1 pointer-coarse:py-[11px]"
      />
      {isSelected && <ChoiceTools name={choice.label || `choice ${index + 1}`} id={id} acts={acts} />}
    </li>
  )
}

function ChoiceTools({ name, id, acts }: { name: string; id: string; acts: ChoiceActs }) {
  const menuId = `move-${id}`
  return (
    <span className="flex flex-none opacity-0 group-focus-within/choice:opacity-100 group-hover/choice:opacity-100 pointer-coarse:opacity-100">
      <Button look="bare" square popoverTarget={menuId} aria-haspopup="menu" aria-label={`Move ${name}`}>
        <Icon of={ArrowUpDown} />
      </Button>
      <Menu id={menuId} label={`Move ${name}`} items={acts.moves} />
      <Button look="bare" square aria-label={`Remove ${name}`} onClick={acts.remove}>
        <Icon of={X} />
      </Button>
    </span>
  )
}

type ChoiceActs = ReturnType<typeof useChoiceActs>

const useChoiceActs = ({ id, field, label }: Choice, choices: readonly Choice[], index: number) => {
  const edits = useEdits()
  const above = choices[index - 1]
  const below = choices[index + 1]
  const neighbour = above ?? below
  const up = () => above && flushSync(() => edits.moveChoice(id, { before: above.id }))
  const down = () => below && flushSync(() => edits.moveChoice(id, { after: below.id }))
  const remove = () =>
    changeAndFocus(() => {
      edits.removeChoice(id)
      return neighbour ? `options/${neighbour.id}/label` : `fields/${field}/label`
    })
  const moves: readonly MenuItem[] = [
    { label: 'Up', keys: 'Alt ↑', disabled: above === undefined, run: up },
    { label: 'Down', keys: 'Alt ↓', disabled: below === undefined, run: down }
  ]
  return {
    addBelow: () => changeAndFocus(() => `options/${edits.addChoice(field, { after: id })}/label`),
    remove,
    moves,
    onKeyDown: (event: KeyboardEvent) => {
      const by = event.altKey ? directions[event.key] : undefined
      const takesAway = event.key === 'Backspace' && label === '' && choices.length > 1
      if (by === undefined && !takesAway) return
      event.preventDefault()
      if (by === -1) up()
      else if (by === 1) down()
      else remove()
    }
  }
}
