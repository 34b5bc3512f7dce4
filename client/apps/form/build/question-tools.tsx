import { ArrowUpDown, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { FieldType } from '../../../../schema/kinds/form.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu } from '../../ui/popover.tsx'
import { useToast } from '../../ui/toast.tsx'
import { arrange, inOrder, type Question } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { offersChoices, typeNames } from '../field-types.ts'
import { changeAndFocus, focusPath } from '../focus-path.ts'
import { useRoom } from '../form-room.ts'
import { useUndo } from '../undo.ts'
import { useMoves } from './moves.ts'
import { Rules, rulesOf } from './rules.tsx'

/** What can be done with the question that the cursor is in. */
export function QuestionTools({ question, number }: { question: Question; number: number }) {
  const { id, type, required } = question
  const edits = useEdits()
  const [showsRules, setShowsRules] = useState(false)
  return (
    <div data-path={`fields/${id}`} className="mt-3.5 pointer-coarse:mt-1">
      <div className="-mr-9 -ml-2 flex flex-wrap items-center gap-x-1 desk:mr-0">
        {offersChoices(type) && (
          <Button look="bare" onClick={() => changeAndFocus(() => `options/${edits.addChoice(id)}/label`)}>
            <Icon of={Plus} />
            Add a choice
          </Button>
        )}
        <TypeSelect question={question} number={number} />
        <Switch checked={required} onChange={(on) => edits.setRequired(id, on)}>
          Required
        </Switch>
        {(type === 'single-choice' || type === 'multiple-choice') && (
          <Switch
            checked={type === 'multiple-choice'}
            onChange={(on) => edits.setType(id, on ? 'multiple-choice' : 'single-choice')}
          >
            Several answers
          </Switch>
        )}
        <RulesButton question={question} isOpen={showsRules} onToggle={() => setShowsRules(!showsRules)} />
        <span className="flex-1" />
        <PlaceTools question={question} number={number} />
      </div>
      {showsRules && <Rules question={question} number={number} />}
    </div>
  )
}

/** Where it stands, and whether. */
function PlaceTools({ question, number }: { question: Question; number: number }) {
  const { id } = question
  const remove = useRemoveQuestion()
  const menuId = `move-${id}`
  return (
    <>
      <Button
        look="bare"
        square
        popoverTarget={menuId}
        aria-haspopup="menu"
        aria-label={`Move question ${number}`}
      >
        <Icon of={ArrowUpDown} />
      </Button>
      <Menu id={menuId} label={`Move question ${number}`} items={useMoves(id)} />
      <Button
        look="bare"
        square
        aria-label={`Remove question ${number}`}
        onClick={() => remove(question, number)}
      >
        <Icon of={Trash2} />
      </Button>
    </>
  )
}

interface RulesButtonProps {
  readonly question: Question
  readonly isOpen: boolean
  onToggle(): void
}

function RulesButton({ question, isOpen, onToggle }: RulesButtonProps) {
  const count = rulesOf(question)
  return (
    <Button look="bare" aria-expanded={isOpen} onClick={onToggle} className="px-2">
      Rules
      {count > 0 && <span className="font-normal text-ink-3">{count}</span>}
    </Button>
  )
}

function TypeSelect({ question: { id, type }, number }: { question: Question; number: number }) {
  const edits = useEdits()
  const shown = type === 'multiple-choice' ? 'single-choice' : type
  return (
    <select
      aria-label={`Type of question ${number}`}
      value={shown}
      onChange={(event) => isFieldType(event.target.value) && edits.setType(id, event.target.value)}
      className="h-control rounded-control border border-transparent bg-transparent px-1.5 text-sm [field-sizing:content] font-label text-ink-2 hover:bg-band-2 hover:text-ink"
    >
      {Object.entries(typeNames)
        .filter(([value]) => value !== 'multiple-choice')
        .map(([value, name]) => (
          <option key={value} value={value} className="bg-sheet text-ink">
            {name}
          </option>
        ))}
    </select>
  )
}

const isFieldType = (value: string): value is FieldType => Object.hasOwn(typeNames, value)

interface SwitchProps {
  readonly checked: boolean
  readonly children: string
  onChange(on: boolean): void
}

function Switch({ checked, children, onChange }: SwitchProps) {
  return (
    <label className="inline-flex h-control items-center gap-2 rounded-control px-2 text-sm hover:bg-band-2">
      <input
        type="checkbox"
        className="size-4"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {children}
    </label>
  )
}

/** Removes a question, says so with an Undo, and leaves the cursor in the one that took its place. */
const useRemoveQuestion = () => {
  const edits = useEdits()
  const room = useRoom()
  const { undo } = useUndo()
  const toast = useToast()
  return ({ id, label }: Question, number: number): void => {
    const order = inOrder(arrange(room.snapshot.get()))
    const next = order[number] ?? order[number - 2]
    changeAndFocus(() => {
      edits.removeQuestion(id)
      return null
    })
    focusPath(next ? `fields/${next.id}/label` : 'title', { preventScroll: true })
    toast({ text: `Removed “${label || 'Untitled question'}”.`, action: { label: 'Undo', run: undo } })
  }
}
