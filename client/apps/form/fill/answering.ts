import { createContext, useContext } from 'react'
import type { Answer } from '../../../../schema/kinds/form.ts'
import { answerTo, type FormDefinition, isTyped, problemOf } from '../../../../schema/kinds/form-answers.ts'
import { shallow } from '../../../react/index.ts'
import type { SharedTextProps } from '../../ui/shared-text.tsx'
import type { Choice, Question } from '../arrangement.ts'

/** The room that the fields for answers read and write: that of a form, or that of one response to it. */
export interface Answering {
  /** A missing answer is a problem from now on: somebody tried to send them. */
  readonly isStrict: boolean
  /** Of the form that is answered. */
  useForm<T>(select: (form: FormDefinition) => T, isEqual?: (a: T, b: T) => boolean): T
  /** What is typed, for a field. */
  useTyped(question: string): SharedTextProps['text']
  usePicked(question: string): Answer | undefined
  /** A function of stable identity that replaces what is picked; undefined takes it away. */
  usePick(): (question: string, answer: Answer | undefined) => void
  /** Whose cursor is in an answer, as in `answers/f1`. */
  useOthersAt(path: string): readonly Answerer[]
}

export interface Answerer {
  readonly id: string
  readonly info: { readonly name: string }
}

const AnsweringContext = createContext<Answering | null>(null)

/** Tells the fields below it which room they are of. */
export const AnsweringIn = AnsweringContext.Provider

/** @throws Error outside of `<AnsweringIn>` */
export const useAnswering = (): Answering => {
  const answering = useContext(AnsweringContext)
  if (answering === null) throw new Error('an answer needs an <AnsweringIn> above it')
  return answering
}

/** What a question offers. */
export const useChoices = ({ id }: Question): readonly Choice[] =>
  useAnswering().useForm(({ options }) => options.filter(({ field }) => field === id), shallow)

/** What is wrong with what was typed or picked. That it is missing is said only once somebody tried to send it. */
export const useProblem = (question: Question, given: Answer | undefined): string | null => {
  const { isStrict } = useAnswering()
  const options = useChoices(question)
  const { id, type } = question
  const text = isTyped(type) && typeof given === 'string' ? { [id]: given } : {}
  const picked = isTyped(type) || given === undefined ? {} : { [id]: given }
  const answer = answerTo({ fields: [], options }, question, { answers: picked, answerTexts: text })
  return answer === undefined && !isStrict ? null : problemOf(question, answer)
}
