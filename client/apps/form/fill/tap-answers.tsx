import type { Answer } from '../../../../schema/kinds/form.ts'
import type { Question } from '../arrangement.ts'
import { ratings } from '../field-types.ts'
import type { AnswerProps } from './answer-field.tsx'
import { Asked, groupProps, Help, OthersAround, Problem, Row } from './answer-parts.tsx'
import { useProblem } from './answering.ts'
import { usePicked } from './picked.ts'

/** Yes or no. */
export const YesNoAnswer = ({ question, mayWrite }: AnswerProps) => (
  <Keys question={question} mayWrite={mayWrite} values={yesAndNo} />
)

/** One to five. */
export const RatingAnswer = ({ question, mayWrite }: AnswerProps) => (
  <Keys question={question} mayWrite={mayWrite} values={ratingValues} />
)

interface Key {
  readonly value: Answer
  readonly word: string
}

const yesAndNo: readonly Key[] = [
  { value: true, word: 'Yes' },
  { value: false, word: 'No' }
]
const ratingValues: readonly Key[] = ratings.map((rating) => ({ value: rating, word: String(rating) }))

interface KeysProps {
  readonly question: Question
  readonly mayWrite: boolean
  readonly values: readonly Key[]
}

/** A row of keys, of which one can be down. */
function Keys({ question, mayWrite, values }: KeysProps) {
  const { id, required } = question
  const [answer, pick] = usePicked(id)
  const problem = useProblem(question, answer)
  return (
    <Row question={question}>
      <fieldset {...groupProps(question, problem)} disabled={!mayWrite}>
        <legend>
          <Asked question={question} />
        </legend>
        <Help question={question} />
        <OthersAround question={question}>
          <div className="flex gap-1.5">
            {values.map(({ value, word }) => (
              <label
                key={word}
                className="grid h-11 min-w-11 flex-1 place-items-center rounded-control border border-edge bg-sheet px-3 text-[1rem] hover:bg-band-2 has-checked:border-ink has-checked:bg-ink has-checked:font-name has-checked:text-paper has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-ink desk:flex-initial desk:min-w-16"
              >
                <input
                  type="radio"
                  name={`answer-${id}`}
                  required={required}
                  checked={answer === value}
                  onChange={() => pick(value)}
                  className="sr-only"
                />
                {word}
              </label>
            ))}
          </div>
        </OthersAround>
        <Problem question={question} text={problem} />
      </fieldset>
    </Row>
  )
}
