import { useState } from 'react'
import type { AnswerProps } from './answer-field.tsx'
import { Asked, boxClass, fieldProps, Help, OthersAround, Problem, Row } from './answer-parts.tsx'
import { useProblem } from './answering.ts'
import { usePicked } from './picked.ts'

/** A number, a date or a time: written here, and given to the others when it is whole or the cursor leaves it. */
export function EnteredAnswer({ question, mayWrite }: AnswerProps) {
  const { id, type } = question
  const [answer, pick] = usePicked(id)
  const [draft, setDraft] = useState<string | null>(null)
  const shown = draft ?? String(answer ?? '')
  const wrong = useProblem(question, answer)
  const problem = draft === null ? wrong : type === 'number' && isNoNumber(draft) ? noNumber : null
  const props = fieldProps(question, problem)
  const give = (text: string) => {
    const next = text === '' ? undefined : type === 'number' ? numberIn(text) : text
    if (next === null) return
    setDraft(null)
    if (next !== answer) pick(next)
  }
  return (
    <Row question={question}>
      <label htmlFor={props.id} className="block">
        <Asked question={question} />
      </label>
      <Help question={question} />
      <OthersAround question={question}>
        <input
          {...props}
          type={type === 'number' ? 'text' : type}
          inputMode={type === 'number' ? 'decimal' : undefined}
          autoComplete="off"
          readOnly={!mayWrite}
          value={shown}
          onChange={(event) => setDraft(event.target.value)}
          onBlur={() => draft !== null && give(draft)}
          onKeyDown={(event) => event.key === 'Enter' && give(shown)}
          className={`${boxClass} block h-11 max-w-60`}
        />
      </OthersAround>
      <Problem question={question} text={problem} />
    </Row>
  )
}

const noNumber = 'Not a number. Example: 12.5'

const isNoNumber = (text: string): boolean => text.trim() !== '' && numberIn(text) === null

/** The number that somebody wrote with a point or a comma; null for what is none. */
const numberIn = (text: string): number | null => {
  const value = text.trim().replace(',', '.')
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : null
}
