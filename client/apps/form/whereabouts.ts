import type { FormSnapshot } from './arrangement.ts'
import { arrange, inOrder } from './arrangement.ts'

/** What a focus path means in words, as `editing question 5`; empty when it means nothing any more. */
export const whereaboutsOf = (focus: string | null, form: FormSnapshot): string => {
  if (focus === null) return ''
  const [place, id] = focus.split('/')
  if (place === 'title' || place === 'intro')
    return place === 'title' ? 'editing the title' : 'editing the introduction'
  if (place === 'sections') {
    const title = form.sections.find((section) => section.id === id)?.title
    return title === undefined ? '' : `editing the section ${title || 'without a title'}`
  }
  const number = inOrder(arrange(form)).findIndex((question) => question.id === questionOf(focus, form)) + 1
  if (number === 0) return ''
  return place === 'answers' ? `answering question ${number}` : `editing question ${number}`
}

/** The question that a focus path lies in: of its label, its help, one of its choices, or its answer. */
export const questionOf = (
  focus: string | null,
  { options }: Pick<FormSnapshot, 'options'>
): string | null => {
  const [place, id] = focus?.split('/') ?? []
  if (id === undefined) return null
  if (place === 'options') return options.find((choice) => choice.id === id)?.field ?? null
  return place === 'fields' || place === 'answers' ? id : null
}

/** The ids of elements, for links and for following somebody. */
export const questionAnchor = (id: string): string => `question-${id}`
export const sectionAnchor = (id: string): string => `section-${id}`
export const titleAnchor = 'title'

/** Where on the page a focus path lies, in the builder as in the fill view. */
export const anchorOf = (focus: string | null, form: Pick<FormSnapshot, 'options'>): string | null => {
  if (focus === null) return null
  const question = questionOf(focus, form)
  if (question !== null) return questionAnchor(question)
  const [place, id] = focus.split('/')
  return place === 'sections' && id !== undefined ? sectionAnchor(id) : titleAnchor
}
