import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { countOf } from '../../ui/time-words.ts'
import { useEdits } from '../edits.ts'

/** More lines than these are a mistake, and would be one entry too large to read. */
const linesMax = 200

/** An empty form offers the first step: the questions, one per line. */
export function FirstQuestions({ mayWrite }: { mayWrite: boolean }) {
  const edits = useEdits()
  const [text, setText] = useState('')
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(0, linesMax)
  if (!mayWrite) return <p className="mt-12 text-ink-2">This form has no questions yet.</p>
  return (
    <form
      className="max-w-[460px] pt-12"
      onSubmit={(event) => {
        event.preventDefault()
        edits.addQuestions(lines)
      }}
    >
      <h2 className="text-xl font-name tracking-heading">Write the questions down first.</h2>
      <p className="mt-1.5 mb-4.5 text-ink-2" id="first-questions-help">
        One per line. Each line becomes a question; you can change its type afterwards.
      </p>
      <textarea
        aria-label="Questions, one per line"
        aria-describedby="first-questions-help"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
            event.currentTarget.form?.requestSubmit()
        }}
        className="min-h-33 w-full resize-y rounded-control border border-edge bg-sheet px-3 py-2.5 leading-[1.6]"
      />
      <Button look="go" type="submit" disabled={lines.length === 0} className="mt-3">
        {lines.length === 0 ? 'Make questions' : `Make ${countOf(lines.length, 'question')}`}
      </Button>
    </form>
  )
}
