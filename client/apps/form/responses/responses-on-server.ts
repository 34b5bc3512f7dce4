import * as z from 'zod/mini'
import { response } from '../../../../schema/kinds/response.ts'
import { callApi } from '../../api.ts'

/** A response as the server lists it: what is in it has to be read. */
export interface ListedRoom {
  readonly id: string
  readonly head: number
  readonly changedAt: number
  /** Connections to it, those of reviewers among them. */
  readonly connections: number
}

const pageSize = 1_000
/** A form with more responses than these shows the first by name. */
const listedMax = 10_000

const roomShape = z.object({
  name: z.string(),
  head: z.number(),
  changedAt: z.string(),
  connections: z.number()
})
const pageShape = z.object({ rooms: z.array(roomShape), next: z.nullable(z.string()) })

/** All responses to a form. @throws Refusal, TypeError as `callApi` */
export const listResponses = async (
  token: string,
  formId: string,
  signal: AbortSignal
): Promise<readonly ListedRoom[]> => {
  const parent = encodeURIComponent(`form/${formId}`)
  const listed: ListedRoom[] = []
  let after = ''
  do {
    const path = `/api/rooms?parent=${parent}&kind=${response.kind}&limit=${pageSize}${after}`
    const { rooms, next } = await callApi(path, { token, signal, shape: pageShape })
    listed.push(...rooms.map(toListed))
    after = next === null ? '' : `&after=${encodeURIComponent(next)}`
  } while (after !== '' && listed.length < listedMax)
  return listed
}

const toListed = ({ name, changedAt, ...rest }: z.output<typeof roomShape>): ListedRoom => ({
  ...rest,
  id: name.slice(response.kind.length + 1),
  changedAt: Date.parse(changedAt)
})
