import * as z from 'zod/mini'
import type { Complaint } from '../../schema/behaviour.ts'
import { type ErrorCode, isErrorCode } from '../../schema/error-codes.ts'

/** What the server refused, by its name; `internal` for an answer that is none of ours. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: ErrorCode
  /** When to try again; null: the server has not said. */
  readonly retrySeconds: number | null
  /** What is in the way, where the kind of the room has refused. */
  readonly complaints: readonly Complaint[]

  constructor(
    code: ErrorCode,
    detail: string,
    { retrySeconds = null, complaints = [] }: RefusalDetails = {}
  ) {
    super(detail)
    this.code = code
    this.retrySeconds = retrySeconds
    this.complaints = complaints
  }
}

interface RefusalDetails {
  readonly retrySeconds?: number | null
  readonly complaints?: readonly Complaint[]
}

/** The shape of an answer that says no more than that it is done. */
export const done = z.undefined()

/**
 * One request to the HTTP API of the server that served this page.
 *
 * @throws Refusal for every answer that is not 2xx
 * @throws TypeError when the server cannot be reached
 */
export const callApi = async <Shape extends z.ZodMiniType>(
  path: string,
  { token, body, method = body === undefined ? 'GET' : 'POST', shape, signal }: ApiCall<Shape>
): Promise<z.output<Shape>> => {
  const answer = await fetch(path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' })
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null
  })
  if (!answer.ok) throw await refusalOf(answer)
  return z.parse(shape, answer.status === 204 ? undefined : await answer.json())
}

/** What an address of the API answers in bytes: a document as a Yjs update. @throws Refusal, TypeError as `callApi` */
export const readBytes = async (path: string, token: string, signal?: AbortSignal): Promise<Uint8Array> => {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetch(path, { headers, signal: signal ?? null })
  if (!answer.ok) throw await refusalOf(answer)
  return new Uint8Array(await answer.arrayBuffer())
}

export interface ApiCall<Shape extends z.ZodMiniType> {
  readonly token?: string
  /** Sent as JSON. */
  readonly body?: unknown
  /** Left out: POST with a body, GET without one. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly shape: Shape
  readonly signal?: AbortSignal
}

const problemShape = z.object({
  code: z.string(),
  detail: z.string(),
  complaints: z.optional(z.array(z.object({ path: z.string(), detail: z.string() })))
})

const refusalOf = async (answer: Response): Promise<Refusal> => {
  const problem = z.safeParse(problemShape, parseJson(await answer.text()))
  const retrySeconds = Number(answer.headers.get('retry-after')) || null
  return problem.success && isErrorCode(problem.data.code)
    ? new Refusal(problem.data.code, problem.data.detail, { retrySeconds, ...problem.data })
    : new Refusal('internal', `the server answered ${answer.status}`)
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
