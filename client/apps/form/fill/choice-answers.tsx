import { shallow } from '../../../react/index.ts'
import { useStorage } from '../form-room.ts'
import type { AnswerProps } from './answer-field.tsx'
import { Asked, answerPath, boxClass, fieldProps, Help, OthersAround, Row } from './answer-parts.tsx'
import { chosen } from './checks.ts'
import { usePicked } from './picked.ts'

const useChoices = (question: string) =>
  useStorage((form) => form.options.filter((choice) => choice.field === question), shallow)

/** One of the choices, or several of them. */
export function ChoiceAnswer({ question, mayWrite }: AnswerProps) {
  const { id, type, required } = question
  const choices = useChoices(id)
  const [answer, pick] = usePicked(id)
  const several = type === 'multiple-choice'
  const now = chosen(answer)
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
      <fieldset data-path={answerPath(id)} disabled={!mayWrite}>
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
      </fieldset>
    </Row>
  )
}

/** One from a list that opens. */
export function ListAnswer({ question, mayWrite }: AnswerProps) {
  const choices = useChoices(question.id)
  const [answer, pick] = usePicked(question.id)
  const [now = ''] = chosen(answer)
  const props = fieldProps(question, null)
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
    </Row>
  )
}
