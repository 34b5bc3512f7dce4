import { useMemo } from 'react'
import { shallow } from '../../react/index.ts'
import type { FormSnapshot } from '../form/arrangement.ts'
import type { Answering } from '../form/fill/answering.ts'
import { useMutation, useOthers, useStorage, useText } from './response-room.ts'

/** The fields for answers, of a response: the form is the one that stood when it was begun. */
export const useAnsweringAlone = (form: FormSnapshot, isStrict: boolean): Answering =>
  useMemo(() => ({ ...inResponse, isStrict, useForm: (select) => select(form) }), [form, isStrict])

const inResponse: Omit<Answering, 'isStrict' | 'useForm'> = {
  useTyped: (question) => useText((response) => response.answerTexts.get(question)),
  usePicked: (question) => useStorage((response) => response.answers[question]),
  usePick: () =>
    useMutation(({ storage: { answers } }, question: string, answer) =>
      answer === undefined ? answers.remove(question) : answers.set(question, answer)
    ),
  useOthersAt: (path) =>
    useOthers((others) => others.filter(({ presence }) => presence.focus === path), shallow)
}
