import { shallow } from '../../../react/index.ts'
import { useMutation, useOthers, useStorage, useText } from '../form-room.ts'
import type { Answering } from './answering.ts'

/** The answers that all who fill in a form give together: they stand in the form's own room. */
export const formAnswering: Answering = {
  isStrict: false,
  useForm: (select, isEqual) => useStorage(select, isEqual),
  useTyped: (question) => useText((form) => form.answerTexts.get(question)),
  usePicked: (question) => useStorage((form) => form.answers[question]),
  usePick: () =>
    useMutation(({ storage: { answers } }, question: string, answer) =>
      answer === undefined ? answers.remove(question) : answers.set(question, answer)
    ),
  useOthersAt: (path) =>
    useOthers((others) => others.filter(({ presence }) => presence.focus === path), shallow)
}
