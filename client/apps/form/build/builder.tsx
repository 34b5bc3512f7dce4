import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import type { Side } from '../../ui/dragging.ts'
import { Icon } from '../../ui/icon.tsx'
import { KeepPlace } from '../../ui/keep-place.tsx'
import { SharedText } from '../../ui/shared-text.tsx'
import { useDrops } from '../../ui/sortable.ts'
import {
  arrange,
  type Destination,
  endOf,
  type FormSnapshot,
  inOrder,
  type Part,
  startOf
} from '../arrangement.ts'
import { useCommentsPlace } from '../comments/comments-place.tsx'
import { CommentsPanel } from '../comments/panel.tsx'
import { useEdits } from '../edits.ts'
import { changeAndFocus } from '../focus-path.ts'
import { useRights, useStorage, useText } from '../form-room.ts'
import { untitled } from '../frame.tsx'
import { questionOf, titleAnchor } from '../whereabouts.ts'
import { FirstQuestions } from './first-questions.tsx'
import { useMoveQuestion } from './moves.ts'
import { Outline } from './outline.tsx'
import { QuestionRow, questionsList } from './question-row.tsx'
import { type Removed, RemovedRow, useRemoved } from './removed-row.tsx'
import { SectionHead } from './section-head.tsx'

/** The form as it is built: outline on the left, the questions in the middle, each of them open to everybody at once. */
export function Builder() {
  const form = useStorage()
  const mayWrite = useRights()?.mayWrite ?? false
  const { mayRead: mayReadComments } = useCommentsPlace()
  const parts = useArrangement(form)
  const [selected, setSelected] = useState<string | null>(null)
  const removed = useRemoved(form, inOrder(parts), selected, () => setSelected(null))
  const isEmpty = removed === null && form.fields.length === 0 && form.sections.length === 0
  return (
    <div className={mayReadComments ? threeColumns : 'wide:grid wide:grid-cols-[236px_minmax(0,1fr)]'}>
      <Outline parts={parts} selected={selected} onSelect={setSelected} />
      {/* The room below lets the page scroll when somebody adds a row above, so that yours stays where it is. */}
      <main
        id="content"
        className="px-4 pt-12 pb-[60dvh] desk:px-6"
        onFocus={({ target }) => {
          const path = target.closest<HTMLElement>('[data-path]')?.dataset.path ?? null
          if (path !== null) setSelected(questionOf(path, form))
        }}
      >
        <KeepPlace>
          <div className="mx-auto max-w-[700px]">
            <Title mayWrite={mayWrite} />
            {isEmpty ? (
              <FirstQuestions mayWrite={mayWrite} />
            ) : (
              <Rows parts={parts} selected={selected} mayWrite={mayWrite} removed={removed} />
            )}
            {mayWrite && !isEmpty && <AddButtons parts={parts} />}
          </div>
        </KeepPlace>
      </main>
      <CommentsPanel />
    </div>
  )
}

const threeColumns =
  'desk:grid desk:grid-cols-[minmax(0,1fr)_304px] wide:grid-cols-[236px_minmax(0,1fr)_304px] min-[1400px]:grid-cols-[236px_minmax(0,1fr)_340px]'

/** The form in its order; while a question is dragged it stays as it was, so that nothing slips away from the pointer. */
const useArrangement = (form: FormSnapshot): readonly Part[] => {
  const live = arrange(form)
  const [frozen, setFrozen] = useState<readonly Part[] | null>(null)
  const move = useMoveQuestion()
  const dragging = useDrops(questionsList, (moved, onto, side) =>
    move(moved, destinationOf(live, onto, side))
  )
  if (dragging !== (frozen !== null)) setFrozen(dragging ? live : null)
  return frozen ?? live
}

/** Beside the question that it was let go upon, or at the start of the section. */
const destinationOf = (parts: readonly Part[], onto: string, side: Side): Destination | null => {
  const section = parts.find((part) => part.section?.id === onto)
  if (section) return startOf(section)
  const part = parts.find(({ questions }) => questions.some((question) => question.id === onto))
  return part
    ? { section: part.section?.id ?? null, ...(side === 'top' ? { before: onto } : { after: onto }) }
    : null
}

function Title({ mayWrite }: { mayWrite: boolean }) {
  const title = useText((form) => form.title)
  const intro = useText((form) => form.intro)
  return (
    <div id={titleAnchor} data-row className="scroll-mt-36">
      <SharedText
        text={title}
        aria-label="Title of the form"
        data-path="title"
        placeholder={untitled}
        readOnly={!mayWrite}
        className="text-[1.75rem]/8 font-name tracking-title desk:text-2xl"
      />
      {(mayWrite || intro.value) && (
        <SharedText
          text={intro}
          multiline
          aria-label="Introduction"
          data-path="intro"
          placeholder="Say what this form is for"
          readOnly={!mayWrite}
          className="mt-1.5 max-w-[56ch] text-ink-2"
        />
      )}
    </div>
  )
}

interface RowsProps {
  readonly parts: readonly Part[]
  readonly selected: string | null
  readonly mayWrite: boolean
  readonly removed: Removed | null
}

/** One flat list, so that a question that changes its section is moved and not made anew under somebody's cursor. */
function Rows({ parts, selected, mayWrite, removed }: RowsProps) {
  const order = inOrder(parts)
  const sections = parts.flatMap((part) => part.section ?? [])
  const rows = parts.flatMap(({ section, questions }) => [
    section ? (
      <SectionHead
        key={section.id}
        section={section}
        above={sections[sections.indexOf(section) - 1] ?? null}
        below={sections[sections.indexOf(section) + 1] ?? null}
        mayWrite={mayWrite}
      />
    ) : (
      <div key="above the first section" className="mt-8 border-t border-ink" />
    ),
    ...questions.map((question) => (
      <QuestionRow
        key={question.id}
        question={question}
        number={order.indexOf(question) + 1}
        isSelected={selected === question.id}
        mayWrite={mayWrite}
      />
    ))
  ])
  if (removed === null) return rows
  const behind = rows.findIndex((row) => row.key === removed.behind)
  return rows.toSpliced(behind < 0 ? 1 : behind + 1, 0, <RemovedRow key="removed" removed={removed} />)
}

function AddButtons({ parts }: { parts: readonly Part[] }) {
  const edits = useEdits()
  const last = parts.at(-1)
  return (
    <div className="mt-4 flex flex-wrap gap-1 pl-[32px]">
      <Button
        look="bare"
        onClick={() => changeAndFocus(() => `fields/${edits.addQuestion(last && endOf(last))}/label`)}
      >
        <Icon of={Plus} />
        Add a question
      </Button>
      <Button look="bare" onClick={() => changeAndFocus(() => `sections/${edits.addSection()}/title`)}>
        <Icon of={Plus} />
        Add a section
      </Button>
    </div>
  )
}
