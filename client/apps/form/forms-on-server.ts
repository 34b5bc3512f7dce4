import * as z from 'zod/mini'
import { randomCode } from '../../clock.ts'
import { callApi } from '../api.ts'

export interface ListedForm {
  readonly id: string
  readonly head: number
  readonly changedAt: Date
}

const kind = 'form'
const idLength = 12
/** A server with more forms than these lists the first by name. */
const listedMax = 500

const roomShape = z.object({ name: z.string(), head: z.number(), changedAt: z.string() })

/** The forms that you may see, the last changed first. @throws Refusal, TypeError as `callApi` */
export const listForms = async (token: string, signal: AbortSignal): Promise<readonly ListedForm[]> => {
  const { rooms } = await callApi(`/api/rooms?kind=${kind}&limit=${listedMax}`, {
    token,
    signal,
    shape: z.object({ rooms: z.array(roomShape) })
  })
  return rooms
    .map(({ name, head, changedAt }) => ({
      id: name.slice(kind.length + 1),
      head,
      changedAt: new Date(changedAt)
    }))
    .sort((a, b) => b.changedAt.getTime() - a.changedAt.getTime())
}

/** What a form is called and how long it is. @throws Refusal, TypeError as `callApi` */
export const readSummary = async (token: string, id: string, signal: AbortSignal): Promise<Summary> => {
  const { data } = await callApi(`/api/rooms/${encodeURIComponent(`${kind}/${id}`)}/view`, {
    token,
    signal,
    shape: z.object({ data: z.object({ title: z.string(), fields: z.array(z.unknown()) }) })
  })
  return { title: data.title, questions: data.fields.length }
}

export interface Summary {
  readonly title: string
  readonly questions: number
}

/** @returns the id of a new, empty form that is yours. @throws Refusal, TypeError as `callApi` */
export const createForm = async (token: string): Promise<string> => {
  const id = randomCode(idLength)
  await callApi('/api/rooms', {
    token,
    body: { name: `${kind}/${id}` },
    shape: z.object({ name: z.string() })
  })
  return id
}
