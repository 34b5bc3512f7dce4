import * as z from 'zod/mini'
import { form } from '../../../../schema/kinds/form.ts'
import { callApi, done, Refusal } from '../../api.ts'
import { useVisitor } from '../../entrance.tsx'
import { useRoom } from '../form-room.ts'
import type { FormRole } from '../roles.ts'

export type InviteKind = 'link' | 'code'

/** What people can join by. */
export interface Invite {
  readonly id: string
  readonly kind: InviteKind
  readonly role: string
  readonly expiresAt: string
  readonly usesLeft: number
}

/** What the code is, the server tells only whoever has made it, once. */
export interface NewInvite extends Invite {
  readonly code: string
}

/** Each of them throws Refusal and TypeError as `callApi` does. */
export interface Sharing {
  invites(): Promise<readonly Invite[]>
  invite(kind: InviteKind, role: FormRole, seconds?: number): Promise<NewInvite>
  takeBack(id: string): Promise<void>
  giveRole(userId: string, role: FormRole, name?: string): Promise<void>
  remove(userId: string): Promise<void>
}

/** What whoever manages a form asks of the server. */
export const useSharing = (): Sharing => {
  const { token } = useVisitor().identity
  const { id } = useRoom()
  const room = `/api/rooms/${encodeURIComponent(`${form.kind}/${id}`)}`
  const member = (userId: string): string => `${room}/members/${encodeURIComponent(userId)}`
  return {
    invites: async () => {
      const shape = z.object({ invites: z.array(inviteShape) })
      return (await callApi(`${room}/invites`, { token, shape })).invites
    },
    invite: (kind, role, seconds) => {
      const body = { kind, role, expiresInSeconds: seconds }
      return callApi(`${room}/invites`, { token, body, shape: newInviteShape })
    },
    takeBack: (invite) => callApi(`${room}/invites/${invite}`, { token, method: 'DELETE', shape: done }),
    giveRole: async (userId, role, name) => {
      await callApi(member(userId), { token, method: 'PUT', body: { role, name }, shape: z.unknown() })
    },
    remove: (userId) => callApi(member(userId), { token, method: 'DELETE', shape: done })
  }
}

const inviteFields = {
  id: z.string(),
  kind: z.enum(['link', 'code']),
  role: z.string(),
  expiresAt: z.string(),
  usesLeft: z.number()
}
const inviteShape = z.object(inviteFields)
const newInviteShape = z.object({ ...inviteFields, code: z.string() })

/** What the server did not do, and why. @throws whatever is no answer of the server */
export const wordsFor = (error: unknown): string => {
  if (error instanceof Refusal) return refusals[error.code] ?? `The server refused: ${error.message}.`
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) return 'The server cannot be reached. Nothing was changed.'
  throw error
}

const refusals: Partial<Record<Refusal['code'], string>> = {
  'last-owner': 'A form needs an owner: make somebody else one before.',
  forbidden: 'Your role does not let you do this.',
  'too-many': 'There are as many as there may be: take one back before.',
  'token-invalid': 'Your sign-in has ended. Open the link that you were given again.',
  unavailable: 'The server cannot change anything right now. Try again in a moment.'
}
