import { arrange, type FormSnapshot, inOrder } from './arrangement.ts'
import { questionOf } from './whereabouts.ts'

/** What a path of the form is called: `the help of question 5`; of something that is gone `a question`. */
export const placeWords = (path: string, form: FormSnapshot): string => {
  const [key = '', id, field = ''] = path.split('/')
  if (key === 'title' || key === 'intro') return key === 'title' ? 'the title' : 'the introduction'
  if (key === 'sections') {
    const title = form.sections.find((section) => section.id === id)?.title
    return title ? `the section ${title}` : 'a section'
  }
  const number = inOrder(arrange(form)).findIndex((question) => question.id === questionIn(path, form)) + 1
  const question = number === 0 ? 'a question' : `question ${number}`
  if (key === 'answers' || key === 'answerTexts') return `the answer to ${question}`
  const part = key === 'options' ? 'a choice' : partWords[field]
  return part === undefined ? question : `${part} of ${question}`
}

const questionIn = (path: string, form: FormSnapshot): string | null =>
  questionOf(path.replace(/^answerTexts\//, 'answers/'), form)

const partWords: Readonly<Record<string, string>> = {
  type: 'the type',
  label: 'the text',
  help: 'the help',
  required: 'whether an answer is required',
  section: 'the place',
  key: 'the name in exports',
  condition: 'the condition',
  min: 'the lowest answer',
  max: 'the highest answer',
  lengthMin: 'the shortest answer',
  lengthMax: 'the longest answer',
  pattern: 'the pattern of the answer'
}
