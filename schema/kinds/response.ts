import * as z from 'zod/mini'
import { type ActionContext, Refusal } from '../behaviour.ts'
import { defineRoom } from '../define-room.ts'
import { caret } from '../presence.ts'
import { storageOf } from '../room-state.ts'
import { s } from '../storage-words.ts'
import { answer, form } from './form.ts'
import { complaintsAbout } from './form-answers.ts'

export const responseStates = ['draft', 'submitted', 'reviewed'] as const
export type ResponseState = (typeof responseStates)[number]

const deviceKind = z.enum(['phone', 'tablet', 'computer', 'unknown'])
const status = z.object({ state: z.enum(responseStates), at: z.nullable(z.number()), by: z.string() })

const storage = {
  /** The form is the one that stood at this seq: editing it later changes nothing that was asked here. */
  definitionSeq: s.value(z._default(z.int(), 0)),
  /** Whose answers these are. */
  respondent: s.value(z._default(z.string(), '')),
  /** What they were called when they began. */
  respondentName: s.value(z._default(z.string(), '')),
  status: s.value(z._default(status, { state: 'draft', at: null, by: '' })),
  /** When it was sent last, in milliseconds since 1970; it stays when somebody reopens or reviews it. */
  sentAt: s.value(z._default(z.nullable(z.number()), null)),
  device: s.value(z._default(deviceKind, 'unknown')),
  answers: s.record(s.value(answer)),
  answerTexts: s.record(s.text())
} as const

const creation = z._default(z.object({ device: z._default(deviceKind, 'unknown') }), { device: 'unknown' })

type Context = ActionContext<typeof storage>
type CreationContext = ActionContext<typeof storage, z.infer<typeof creation>>

/**
 * One person's answers to a form: `response/42~x7k2` belongs to `form/42`. Made by `POST /api/rooms`, which pins the form
 * as it stands then.
 *
 * | role         | who                      | may                                            |
 * |--------------|--------------------------|------------------------------------------------|
 * | `reviewer`   | who may edit the form    | read, watch, reopen, mark as reviewed          |
 * | `respondent` | who made it, until sent  | write the answers, send them                   |
 * | `submitter`  | who made it, once sent   | read                                           |
 * | `reader`     | who was given it         | read                                           |
 * | `stranger`   | anybody else             | nothing                                        |
 */
export const response = defineRoom({
  kind: 'response',
  roles: ['reviewer', 'respondent', 'submitter', 'reader', 'stranger'],
  access: {
    reviewer: { comment: true, manage: true },
    respondent: { write: ['answers', 'answerTexts', 'device'], comment: true },
    submitter: {},
    reader: {},
    stranger: { read: false }
  },
  guests: 'stranger',
  creator: 'respondent',
  parent: {
    kinds: ['form'],
    id: 'rest',
    roles: { owner: 'reviewer', editor: 'reviewer' },
    creators: ['owner', 'editor', 'commenter', 'respondent']
  },
  storage,
  presence: z.object({
    /** Path of the field that has the focus, as in `answers/f1`. */
    focus: z.nullable(z.string()),
    caret: z.nullable(caret),
    /** How far they are: see `progressOf`. */
    progress: z.object({ answered: z.number(), asked: z.number() })
  }),
  create: {
    input: creation,
    run: async (context) => create(context)
  },
  actions: {
    submit: {
      roles: ['respondent', 'submitter'],
      input: z.unknown(),
      run: async (context) => submit(context)
    },
    reopen: { roles: ['reviewer'], input: z.unknown(), run: (context) => reopen(context) },
    review: { roles: ['reviewer'], input: z.unknown(), run: (context) => review(context) }
  }
})

const create = async ({ storage, parent, user, input }: CreationContext): Promise<void> => {
  const asked = await parent()
  if (asked === null) throw new Refusal('the form is not there')
  storage.definitionSeq.set(asked.seq)
  storage.respondent.set(user.id)
  storage.respondentName.set(user.name)
  storage.device.set(input.device)
}

/** Sends the answers, if they are all there and right; sending twice is sending once. */
const submit = async ({ storage, snapshot, parent, user, at, setRole }: Context): Promise<void> => {
  const { definitionSeq, respondent, status } = snapshot
  if (status.state === 'draft') {
    const asked = await parent(definitionSeq)
    if (asked === null) throw new Refusal('the form is not there any more')
    const complaints = complaintsAbout(storageOf(form, asked), snapshot)
    if (complaints.length > 0)
      throw new Refusal(`${complaints.length} answers are missing or not right`, complaints)
    storage.status.set({ state: 'submitted', at, by: user.id })
    storage.sentAt.set(at)
  }
  setRole(respondent, 'submitter')
}

const reopen = ({ storage, snapshot, user, at, setRole }: Context): void => {
  storage.status.set({ state: 'draft', at, by: user.id })
  setRole(snapshot.respondent, 'respondent')
}

const review = ({ storage, snapshot, user, at }: Context): void => {
  if (snapshot.status.state !== 'submitted') throw new Refusal(`the response is ${snapshot.status.state}`)
  storage.status.set({ state: 'reviewed', at, by: user.id })
}
