import * as Y from 'yjs'
import * as z from 'zod/mini'
import { form } from '../../../schema/kinds/form.ts'
import { response } from '../../../schema/kinds/response.ts'
import { readStorage } from '../../../schema/storage.ts'
import { randomCode } from '../../clock.ts'
import { callApi, readBytes } from '../api.ts'
import type { FormSnapshot } from '../form/arrangement.ts'
import { deviceKind } from './device-kind.ts'
import type { ResponseSnapshot } from './response-room.ts'

export type ResponseAction = 'submit' | 'reopen' | 'review'

const codeLength = 10

/** A form as it stood at a seq; null: as it stands. @throws Refusal, TypeError as `callApi` */
export const readForm = async (
  token: string,
  id: string,
  at: number | null,
  signal: AbortSignal
): Promise<FormSnapshot> => readStorage(form, await readDocument(`${form.kind}/${id}`, at, { token, signal }))

/** A response as it stands. @throws Refusal, TypeError as `callApi` */
export const readResponse = async (
  token: string,
  id: string,
  signal: AbortSignal
): Promise<ResponseSnapshot> =>
  readStorage(response, await readDocument(`${response.kind}/${id}`, null, { token, signal }))

/** @returns the id of a new response of yours, to the form as it stands now. @throws Refusal, TypeError as `callApi` */
export const createResponse = async (token: string, formId: string): Promise<string> => {
  const id = `${formId}~${randomCode(codeLength)}`
  await callApi('/api/rooms', {
    token,
    body: { name: `${response.kind}/${id}`, storage: { device: deviceKind() } },
    shape: z.object({ name: z.string() })
  })
  return id
}

/** Asks the server to do it. @throws Refusal with its complaints, TypeError as `callApi` */
export const actOn = async (token: string, id: string, action: ResponseAction): Promise<void> => {
  await callApi(`${roomPath(`${response.kind}/${id}`)}/actions/${action}`, {
    token,
    body: {},
    shape: z.unknown()
  })
}

const roomPath = (name: string): string => `/api/rooms/${encodeURIComponent(name)}`

const readDocument = async (
  name: string,
  at: number | null,
  { token, signal }: { readonly token: string; readonly signal: AbortSignal }
): Promise<Y.Doc> => {
  const document = new Y.Doc()
  const query = at === null ? '' : `?at=${at}`
  Y.applyUpdate(document, await readBytes(`${roomPath(name)}/doc${query}`, token, signal))
  return document
}
