import { expect } from 'vitest'
import { type ErrorCode, errorCodes } from '../../schema/error-codes.ts'
import { startOwnServer } from './own-server.ts'
import type { ServerProcess } from './server.ts'

/** A server on a database of its own, and requests to it. */
export interface HttpServer extends AsyncDisposable {
  readonly process: ServerProcess
  call(path: string, options?: CallOptions): Promise<Response>
}

export interface CallOptions {
  readonly method?: string
  readonly token?: string
  readonly headers?: Record<string, string>
  /** Sent as JSON, with POST. */
  readonly json?: unknown
  /** Sent as they are, with POST. */
  readonly bytes?: Uint8Array<ArrayBuffer>
}

export const startHttpServer = async (env: Record<string, string> = {}): Promise<HttpServer> => {
  const process = await startOwnServer(env)
  return {
    process,
    call: (path, options) => callServer(process.url, path, options),
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]()
  }
}

export const callServer = (
  url: string,
  path: string,
  { token, headers = {}, json, bytes, method }: CallOptions = {}
): Promise<Response> => {
  const hasBody = json !== undefined || bytes !== undefined
  return fetch(`${url}${path}`, {
    method: method ?? (hasBody ? 'POST' : 'GET'),
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers
    },
    body: bytes ?? (json === undefined ? null : JSON.stringify(json))
  })
}

/** The path of a room below /api/rooms. */
export const roomPath = (name: string, rest = ''): string => `/api/rooms/${encodeURIComponent(name)}${rest}`

/** A problem of this name, in every part, wherever it is; its detail is returned. */
export const expectProblem = async (answer: Response, code: ErrorCode): Promise<string> => {
  const { http, about } = errorCodes[code]
  const { path: _, ...problem } = await answer.json()
  expect(problem).toEqual({
    type: `/api#error-${code}`,
    title: about,
    status: http,
    code,
    detail: expect.any(String)
  })
  expect(answer.status).toBe(http)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  return problem.detail
}
