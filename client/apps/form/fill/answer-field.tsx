import { memo, useState } from 'react'
import type { FieldType } from '../../../../schema/kinds/form.ts'
import { isTyped, offersChoices } from '../../../../schema/kinds/form-answers.ts'
import { SharedText } from '../../ui/shared-text.tsx'
import type { Question } from '../arrangement.ts'
import { Asked, boxClass, fieldProps, Help, OthersAround, Problem, Row } from './answer-parts.tsx'
import { useAnswering, useProblem } from './answering.ts'
import { ChoiceAnswer, ListAnswer } from './choice-answers.tsx'
import { EnteredAnswer } from './entered-answer.tsx'
import { RatingAnswer, YesNoAnswer } from './tap-answers.tsx'

export interface AnswerProps {
  readonly question: Question
  readonly mayWrite: boolean
}

/** One question with the field for its answer. */
export const AnswerField = memo(function AnswerField(props: AnswerProps) {
  const { type } = props.question
  if (isTyped(type)) return <TypedAnswer {...props} />
  if (type === 'dropdown') return <ListAnswer {...props} />
  if (offersChoices(type)) return <ChoiceAnswer {...props} />
  if (type === 'yes-no') return <YesNoAnswer {...props} />
  if (type === 'rating') return <RatingAnswer {...props} />
  return <EnteredAnswer {...props} />
})

/** Text that several people may write at once. What is wrong with it is said when the cursor leaves it. */
function TypedAnswer({ question, mayWrite }: AnswerProps) {
  const { id, type } = question
  const text = useAnswering().useTyped(id)
  const [left, setLeft] = useState(true)
  const wrong = useProblem(question, text.value)
  const problem = left ? wrong : null
  const props = fieldProps(question, problem)
  return (
    <Row question={question}>
      <label htmlFor={props.id} className="block">
        <Asked question={question} />
      </label>
      <Help question={question} />
      <OthersAround question={question}>
        <SharedText
          {...props}
          {...keyboards[type]}
          text={text}
          unnamed
          multiline={type === 'long-text'}
          readOnly={!mayWrite}
          onFocus={() => setLeft(false)}
          onBlur={() => setLeft(true)}
          boxClass={`${boxClass} ${type === 'long-text' ? 'min-h-22' : 'min-h-11'}`}
        />
      </OthersAround>
      <Problem question={question} text={problem} />
    </Row>
  )
}

const keyboards: Partial<
  Record<FieldType, { inputMode: 'email' | 'tel'; autoComplete: string; spellCheck: false }>
> = {
  email: { inputMode: 'email', autoComplete: 'email', spellCheck: false },
  phone: { inputMode: 'tel', autoComplete: 'tel', spellCheck: false }
}
