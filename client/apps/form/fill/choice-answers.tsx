import type { AnswerProps } from './answer-field.tsx'
import { Asked, boxClass, fieldProps, groupProps, Help, OthersAround, Problem, Row } from './answer-parts.tsx'
import { useChoices, useProblem } from './answering.ts'
import { chosen, usePicked } from './picked.ts'

/** One of the choices, or several of them. */
export function ChoiceAnswer({ question, mayWrite }: AnswerProps) {
  const { id, type, required } = question
  const choices = useChoices(question)
  const [answer, pick] = usePicked(id)
  const several = type === 'multiple-choice'
  const now = chosen(answer)
  const problem = useProblem(question, answer)
  const choose = (choice: string, on: boolean) => {
    if (!several) return pick(choice)
    // In the order in which they are offered; those that are offered no more go.
    const next = choices
      .map((offered) => offered.id)
      .filter((each) => (each === choice ? on : now.includes(each)))
    pick(next.length > 0 ? next : undefined)
  }
  return (
    <Row question={question}>
      <fieldset {...groupProps(question, problem)} disabled={!mayWrite}>
        <legend>
          <Asked question={question} />
        </legend>
        <Help question={question} />
        <OthersAround question={question}>
          {choices.map((choice, index) => (
            <label
              key={choice.id}
              className="flex min-h-11 items-center gap-3 py-2 text-[1rem]/[1.375rem] not-first-of-type:border-t not-first-of-type:border-rule"
            >
              <input
                type={several ? 'checkbox' : 'radio'}
                name={`answer-${id}`}
                required={required && !several}
                checked={several ? now.includes(choice.id) : now[0] === choice.id}
                onChange={(event) => choose(choice.id, event.target.checked)}
                className="size-5 flex-none"
              />
              <span className="wrap-anywhere">{choice.label || `Choice ${index + 1}`}</span>
            </label>
          ))}
        </OthersAround>
        <Problem question={question} text={problem} />
      </fieldset>
    </Row>
  )
}

/** One from a list that opens. */
export function ListAnswer({ question, mayWrite }: AnswerProps) {
  const choices = useChoices(question)
  const [answer, pick] = usePicked(question.id)
  const [now = ''] = chosen(answer)
  const problem = useProblem(question, answer)
  const props = fieldProps(question, problem)
  return (
    <Row question={question}>
      <label htmlFor={props.id} className="block">
        <Asked question={question} />
      </label>
      <Help question={question} />
      <OthersAround question={question}>
        <select
          {...props}
          disabled={!mayWrite}
          value={choices.some((choice) => choice.id === now) ? now : ''}
          onChange={(event) => pick(event.target.value || undefined)}
          className={`${boxClass} h-11`}
        >
          <option value="">Choose one</option>
          {choices.map((choice, index) => (
            <option key={choice.id} value={choice.id}>
              {choice.label || `Choice ${index + 1}`}
            </option>
          ))}
        </select>
      </OthersAround>
      <Problem question={question} text={problem} />
    </Row>
  )
}
