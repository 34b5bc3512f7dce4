import { useId } from 'react'
import type { Condition, FieldType } from '../../../../schema/kinds/form.ts'
import { arrange, inOrder, type Question } from '../arrangement.ts'
import { useEdits } from '../edits.ts'
import { isTyped } from '../field-types.ts'
import { useStorage } from '../form-room.ts'
import { answersOf, comparesTo, conditionText, opsOf } from './condition.ts'
import { DraftField } from './draft-field.tsx'

export interface RulesProps {
  readonly question: Question
  readonly number: number
}

/** When the question is asked and, of what is typed, what an answer must look like. */
export function Rules({ question, number }: RulesProps) {
  const { type } = question
  return (
    <fieldset
      aria-label={`Rules of question ${number}`}
      className="mt-1.5 grid gap-1.5 border-l border-rule pl-3 text-sm text-ink-2"
    >
      <ConditionRule question={question} />
      {isTyped(type) && <LengthRule question={question} />}
      {(type === 'short-text' || type === 'long-text') && <PatternRule question={question} />}
    </fieldset>
  )
}

/** How many rules a question has that its tools do not show. */
export const rulesOf = ({ type, condition, lengthMin, lengthMax, pattern }: Question): number =>
  [
    condition !== null,
    isTyped(type) && (lengthMin !== null || lengthMax !== null),
    isTyped(type) && pattern !== ''
  ].filter(Boolean).length

/** Says in the row under which condition a question is asked. */
export function AskedWhen({ question }: { question: Question }) {
  const text = useStorage((form) => conditionText(question, form))
  return text === null ? null : <p className="mt-0.5 text-xs text-ink-3 wrap-anywhere">{text}</p>
}

const line = 'flex min-h-8 flex-wrap items-center gap-x-1.5 gap-y-1 pointer-coarse:min-h-11'
const selectLook =
  'h-8 max-w-full min-w-0 rounded-control border border-edge bg-sheet px-1.5 text-ink pointer-coarse:h-11'
const fieldLook = 'rounded-control border border-edge px-1.5'

function ConditionRule({ question: { id, condition } }: { question: Question }) {
  const edits = useEdits()
  const form = useStorage()
  const order = inOrder(arrange(form))
  const on = order.find((other) => other.id === condition?.field)
  const set = (next: Condition | null) => edits.setRules(id, { condition: next })
  return (
    <div className={line}>
      <label className={line}>
        Asked
        <select
          className={selectLook}
          value={on?.id ?? ''}
          onChange={({ target: { value: field } }) =>
            set(field === '' ? null : { field, op: 'answered', value: null })
          }
        >
          <option value="">always</option>
          {order.map(
            (other, index) =>
              other.id !== id && (
                <option key={other.id} value={other.id}>
                  when {index + 1} {other.label || 'Untitled question'}
                </option>
              )
          )}
        </select>
      </label>
      {on && condition && <Comparison on={on} condition={condition} onSet={set} />}
    </div>
  )
}

interface ComparisonProps {
  readonly on: Question
  readonly condition: Condition
  onSet(condition: Condition): void
}

function Comparison({ on, condition, onSet }: ComparisonProps) {
  const answers = useStorage((form) => answersOf(on, form), isSameAnswers)
  const first = answers?.[0]?.[0] ?? null
  const setOp = (op: Condition['op']) =>
    onSet({ ...condition, op, value: comparesTo(op) ? (condition.value ?? first) : null })
  return (
    <>
      <select
        aria-label="How it was answered"
        className={selectLook}
        value={condition.op}
        onChange={({ target }) => {
          const op = opsOf(on.type).find(([name]) => name === target.value)
          if (op) setOp(op[0])
        }}
      >
        {opsOf(on.type).map(([op, words]) => (
          <option key={op} value={op}>
            {words}
          </option>
        ))}
      </select>
      {comparesTo(condition.op) &&
        (answers === null ? (
          <DraftField
            aria-label="The answer"
            type={on.type === 'date' || on.type === 'time' ? on.type : 'text'}
            value={String(condition.value ?? '')}
            onGive={(text) => onSet({ ...condition, value: valueFrom(on.type, text) })}
            className={`w-36 ${fieldLook}`}
          />
        ) : (
          <select
            aria-label="The answer"
            className={selectLook}
            value={String(condition.value)}
            onChange={({ target }) => {
              const answer = answers.find(([value]) => String(value) === target.value)
              if (answer) onSet({ ...condition, value: answer[0] })
            }}
          >
            {answers.map(([value, words]) => (
              <option key={String(value)} value={String(value)}>
                {words}
              </option>
            ))}
          </select>
        ))}
    </>
  )
}

const isSameAnswers = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const valueFrom = (type: FieldType, text: string): Condition['value'] => {
  if (text === '') return null
  const number = Number(text.trim().replace(',', '.'))
  return (type === 'number' || type === 'rating') && Number.isFinite(number) ? number : text
}

function LengthRule({ question: { id, lengthMin, lengthMax } }: { question: Question }) {
  const edits = useEdits()
  return (
    <div className={line}>
      <CountField
        words="At least"
        value={lengthMin}
        onGive={(count) => edits.setRules(id, { lengthMin: count })}
      />
      <CountField
        words="at most"
        value={lengthMax}
        onGive={(count) => edits.setRules(id, { lengthMax: count })}
      />
      characters
    </div>
  )
}

interface CountFieldProps {
  readonly words: string
  readonly value: number | null
  onGive(count: number | null): void
}

function CountField({ words, value, onGive }: CountFieldProps) {
  const fieldId = useId()
  const give = (text: string) => {
    const count = text.trim() === '' ? null : Number(text)
    if (count === null || (Number.isInteger(count) && count >= 0)) onGive(count)
  }
  return (
    <>
      <label htmlFor={fieldId}>{words}</label>
      <DraftField
        id={fieldId}
        inputMode="numeric"
        value={value === null ? '' : String(value)}
        onGive={give}
        className={`w-14 ${fieldLook}`}
      />
    </>
  )
}

const patternLengthMax = 64

function PatternRule({ question: { id, pattern } }: { question: Question }) {
  const edits = useEdits()
  const fieldId = useId()
  return (
    <div className={line}>
      <label htmlFor={fieldId}>Written as</label>
      <DraftField
        id={fieldId}
        value={pattern}
        placeholder="AA-9999"
        maxLength={patternLengthMax}
        onGive={(text) => edits.setRules(id, { pattern: text })}
        className={`w-36 font-mono ${fieldLook}`}
      />
      <span className="text-xs text-ink-3">A a letter, 9 a digit, * either</span>
    </div>
  )
}
