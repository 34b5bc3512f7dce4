import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { KeepPlace } from '../../ui/keep-place.tsx'
import { SharedText } from '../../ui/shared-text.tsx'
import { arrange, endOf, inOrder, type Part } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { changeAndFocus } from '../focus-path.ts'
import { useRights, useStorage, useText } from '../form-room.ts'
import { untitled } from '../frame.tsx'
import { questionOf, titleAnchor } from '../whereabouts.ts'
import { useFrozenWhileDragging, useQuestionDrops } from './drag-questions.ts'
import { FirstQuestions } from './first-questions.tsx'
import { Outline } from './outline.tsx'
import { QuestionRow } from './question-row.tsx'
import { SectionHead } from './section-head.tsx'

/** The form as it is built: outline on the left, the questions in the middle, each of them open to everybody at once. */
export function Builder() {
  const form = useStorage()
  const mayWrite = useRights()?.mayWrite ?? false
  const live = arrange(form)
  const parts = useFrozenWhileDragging(live)
  useQuestionDrops(live)
  const [selected, setSelected] = useState<string | null>(null)
  const isEmpty = form.fields.length === 0 && form.sections.length === 0
  return (
    <div className="wide:grid wide:grid-cols-[236px_minmax(0,1fr)]">
      <Outline parts={parts} selected={selected} onSelect={setSelected} />
      <main
        id="content"
        className="px-4 pt-14 pb-28 desk:px-6 desk:pt-12 desk:pb-32"
        onFocus={({ target }) => {
          const path = target.closest<HTMLElement>('[data-path]')?.dataset.path ?? null
          const question = questionOf(path, form)
          if (question !== null) setSelected(question)
        }}
      >
        <KeepPlace>
          <div className="mx-auto max-w-[700px]">
            <Title mayWrite={mayWrite} />
            {isEmpty ? (
              <FirstQuestions mayWrite={mayWrite} />
            ) : (
              <Parts parts={parts} selected={selected} mayWrite={mayWrite} />
            )}
            {mayWrite && !isEmpty && <AddButtons parts={live} />}
          </div>
        </KeepPlace>
      </main>
    </div>
  )
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
        textClass="text-[1.75rem]/8 font-name tracking-title desk:text-2xl"
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

function Parts({ parts, selected, mayWrite }: { parts: readonly Part[]; selected: string | null; mayWrite: boolean }) {
  const numbers = new Map(inOrder(parts).map((question, index) => [question.id, index + 1]))
  return parts.map((part) => (
    <div key={part.section?.id ?? ''} className={part.section ? '' : 'mt-8 border-t border-ink'}>
      {part.section && <SectionHead part={part} parts={parts} mayWrite={mayWrite} />}
      <ol>
        {part.questions.map((question) => (
          <QuestionRow
            key={question.id}
            question={question}
            number={numbers.get(question.id) ?? 0}
            parts={parts}
            isSelected={selected === question.id}
            mayWrite={mayWrite}
          />
        ))}
      </ol>
    </div>
  ))
}

function AddButtons({ parts }: { parts: readonly Part[] }) {
  const edits = useEdits()
  const last = parts.at(-1)
  return (
    <div className="mt-4 flex gap-1 pl-[32px]">
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
