import type { FieldType } from '../../../schema/kinds/form.ts'

/** What a type is called, in the order of the list that people choose from. */
export const typeNames: Readonly<Record<FieldType, string>> = {
  'short-text': 'Short text',
  'long-text': 'Long text',
  'single-choice': 'One of several',
  'multiple-choice': 'Several of several',
  dropdown: 'One from a list',
  'yes-no': 'Yes or no',
  number: 'Number',
  rating: 'Rating, 1 to 5',
  date: 'Date',
  time: 'Time',
  email: 'Email address',
  phone: 'Phone number'
}

/** The answer is typed, and merges by character; all others are picked, and replaced as a whole. */
export const isTyped = (type: FieldType): boolean =>
  type === 'short-text' || type === 'long-text' || type === 'email' || type === 'phone'

/** The question offers choices that its author writes. */
export const offersChoices = (type: FieldType): boolean =>
  type === 'single-choice' || type === 'multiple-choice' || type === 'dropdown'
