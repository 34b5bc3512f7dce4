import { useMemo } from 'react'
import type { FieldType, form } from '../../../schema/kinds/form.ts'
import { type LiveStorage, type Place, RoomlogError } from '../../index.ts'
import { useToast } from '../ui/toast.tsx'
import {
  arrange,
  type Choice,
  type Destination,
  endOf,
  type FormSnapshot,
  type Question
} from './arrangement.ts'
import { offersChoices } from './field-types.ts'
import { useRoom } from './form-room.ts'

type Storage = LiveStorage<(typeof form)['storage']>
type Rules = Pick<Question, 'condition' | 'lengthMin' | 'lengthMax' | 'pattern'>
type Mutate = <T>(change: (storage: Storage) => T) => T

/** Everything that changes the build of a form, apart from typing: each call is one entry and one step of undo. */
export const useEdits = () => {
  const room = useRoom()
  const toast = useToast()
  return useMemo(() => {
    const mutate: Mutate = (change) => {
      try {
        return room.mutate(change)
      } catch (error) {
        // The right to write was just taken, or the form is just being read anew.
        if (error instanceof RoomlogError) toast({ text: 'The form cannot be changed right now.' })
        throw error
      }
    }
    return createEdits(mutate, room.snapshot.get)
  }, [room, toast])
}

export type Edits = ReturnType<typeof createEdits>

const createEdits = (mutate: Mutate, read: () => FormSnapshot) => ({
  /** At the end of the form where no place is given; of the type that most questions have. */
  addQuestion: (to: Destination = endOfForm(read()), label = ''): string =>
    mutate(({ fields }) => fields.insert({ type: 'short-text', section: to.section, label }, placeOf(to))),
  addQuestions: (labels: readonly string[]): void =>
    mutate(({ fields }) => {
      for (const label of labels) fields.insert({ type: 'short-text', label })
    }),
  /** Brings back a question that somebody else removed: a new one with the same content, behind that other one. */
  addCopy: (question: Question, choices: readonly Choice[], behind: string | null): string =>
    mutate(({ fields, options }) => {
      const { id: _, min, max, ...settings } = question
      const first = fields.ids()[0]
      const place = behind !== null ? { after: behind } : first === undefined ? {} : { before: first }
      const bounds = {
        ...(min.value === null ? {} : { min: min.value }),
        ...(max.value === null ? {} : { max: max.value })
      }
      const id = fields.insert({ ...settings, ...bounds }, place)
      for (const choice of choices) options.insert({ field: id, label: choice.label })
      return id
    }),
  moveQuestion: (id: string, to: Destination): void =>
    mutate(({ fields }) => {
      fields.update(id, { section: to.section })
      if (to.before !== undefined || to.after !== undefined) fields.move(id, placeOf(to))
    }),
  removeQuestion: (id: string): void => mutate(({ fields }) => fields.remove(id)),
  setRequired: (id: string, required: boolean): void =>
    mutate(({ fields }) => fields.update(id, { required })),
  /** null: no limit. What does not fit is not taken. */
  setBound: (id: string, side: 'min' | 'max', value: Question['min']['value'] | undefined): void =>
    mutate(({ fields }) => {
      if (value !== undefined) fields.get(id)?.[side].set(value)
    }),
  /** Decides between what several people set. */
  resolveBound: (id: string, side: 'min' | 'max', value: Question['min']['value']): void =>
    mutate(({ fields }) => fields.get(id)?.[side].resolve(value)),
  setRules: (id: string, rules: Partial<Rules>): void => mutate(({ fields }) => fields.update(id, rules)),
  /** Choices stay with the question while another type hides them. */
  setType: (id: string, type: FieldType): void =>
    mutate(({ fields, options }) => {
      fields.update(id, { type })
      const bare = !read().options.some((choice) => choice.field === id)
      if (offersChoices(type) && bare) options.insert({ field: id, label: '' })
    }),
  addChoice: (field: string, at?: Place): string =>
    mutate(({ options }) => options.insert({ field, label: '' }, at)),
  moveChoice: (id: string, to: Place): void => mutate(({ options }) => options.move(id, to)),
  removeChoice: (id: string): void => mutate(({ options }) => options.remove(id)),
  addSection: (at?: Place): string => mutate(({ sections }) => sections.insert({ title: '' }, at)),
  moveSection: (id: string, to: Place): void => mutate(({ sections }) => sections.move(id, to)),
  /** The questions of the section stay: they close the one above it. */
  removeSection: (id: string): void =>
    mutate(({ sections, fields }) => {
      const parts = arrange(read())
      const at = parts.findIndex((part) => part.section?.id === id)
      const above = parts[at - 1]
      let to = above ? endOf(above) : { section: null }
      for (const question of parts[at]?.questions ?? []) {
        fields.update(question.id, { section: to.section })
        if ('after' in to) fields.move(question.id, placeOf(to))
        to = { section: to.section, after: question.id }
      }
      sections.remove(id)
    })
})

const endOfForm = (snapshot: FormSnapshot): Destination => {
  const last = arrange(snapshot).at(-1)
  return last ? endOf(last) : { section: null }
}

const placeOf = ({ before, after }: Destination): Place => ({
  ...(before === undefined ? {} : { before }),
  ...(after === undefined ? {} : { after })
})
