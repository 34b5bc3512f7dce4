import type { FieldType } from '../../../schema/kinds/form.ts'

/** What the types are called, in the order that people choose from. Several answers are a switch of `Choices`. */
export const typeNames = {
  'short-text': 'Short text',
  'long-text': 'Long text',
  'single-choice': 'Choices',
  'multiple-choice': 'Choices',
  dropdown: 'List to pick from',
  'yes-no': 'Yes or no',
  number: 'Number',
  rating: 'Rating, 1 to 5',
  date: 'Date',
  time: 'Time',
  email: 'Email address',
  phone: 'Phone number'
} as const satisfies Readonly<Record<FieldType, string>>

/** The answer is typed, and merges by character; all others are picked, and replaced as a whole. */
export const isTyped = (type: FieldType): boolean =>
  type === 'short-text' || type === 'long-text' || type === 'email' || type === 'phone'

/** The question offers choices that its author writes. */
export const offersChoices = (type: FieldType): boolean =>
  type === 'single-choice' || type === 'multiple-choice' || type === 'dropdown'

export const ratings = [1, 2, 3, 4, 5] as const
