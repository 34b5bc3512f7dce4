import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { flushSync } from 'react-dom'
import * as z from 'zod/mini'
import { adminRole, can } from '../../../../schema/access.ts'
import { creatorRole } from '../../../../schema/define-room.ts'
import { comments } from '../../../../schema/kinds/comments.ts'
import { form } from '../../../../schema/kinds/form.ts'
import { childName } from '../../../../schema/parent.ts'
import { idOf } from '../../../../schema/room-name.ts'
import type { Store } from '../../../index.ts'
import { createRemembered } from '../../remembered.ts'
import { useRoom as useForm, useRights } from '../form-room.ts'

/** Where the comments of a form stand on the page, and what this visitor is at in them. */
export interface CommentsPlace {
  readonly roomId: string
  /** Your role in the form lets you read them. */
  readonly mayRead: boolean
  /** Up to when each thread was seen on this device. */
  readonly seen: Store<Seen>
  see(thread: string, at: number): void
  /** What was written and not sent, by where: it outlives the field. */
  readonly drafts: Map<string, string>
  /** The path that a thread is being begun about; null: none is. */
  readonly beginning: string | null
  begin(path: string | null): void
  /** Brings a thread into sight, with the focus. */
  show(thread: string): void
}

export type Seen = Readonly<Record<string, number>>

const seenThreadsMax = 1000
export const panelId = 'comments'
export const threadAnchor = (id: string): string => `thread-${id}`
export const beginningAnchor = 'thread-new'

const PlaceContext = createContext<CommentsPlace | null>(null)

/** @throws Error outside of `<Comments>` */
export const useCommentsPlace = (): CommentsPlace => {
  const place = useContext(PlaceContext)
  if (place === null) throw new Error('useCommentsPlace needs a <Comments> above it')
  return place
}

/** Everything of a page that has to do with the comments of its form. */
export function Comments({ children }: { children: ReactNode }) {
  const { name } = useForm()
  const rights = useRights()
  const [parts] = useState(() => createParts(name))
  const [beginning, setBeginning] = useState<string | null>(null)
  const mayRead = rights !== null && canRead(rights)
  const place = useMemo(
    (): CommentsPlace => ({
      ...parts,
      mayRead,
      beginning,
      begin: (path) => {
        flushSync(() => setBeginning(path))
        if (path !== null) bringUp(beginningAnchor)
      },
      show: (thread) => bringUp(threadAnchor(thread))
    }),
    [parts, mayRead, beginning]
  )
  return <PlaceContext value={place}>{children}</PlaceContext>
}

const createParts = (formName: Parameters<typeof childName>[2]) => {
  const { parent } = comments
  if (parent === null) throw new Error('the comments belong to no room')
  const seen = createRemembered(`roomlog.seen.${formName}`, z.record(z.string(), z.number()), {})
  return {
    roomId: idOf(childName(comments.kind, parent, formName)),
    seen,
    see: (thread: string, at: number) => {
      const before = seen.get()
      if ((before[thread] ?? 0) >= at) return
      const all = Object.entries({ ...before, [thread]: at })
      seen.set(Object.fromEntries(all.slice(-seenThreadsMax)))
    },
    drafts: new Map<string, string>()
  }
}

/** What the server makes of a role in the form, asked beforehand: others do not knock at a door that is closed. */
export const canRead = ({ role, userId }: { readonly role: string; readonly userId: string }): boolean => {
  const own = role === adminRole ? creatorRole(form) : role
  const roles: Readonly<Record<string, string>> = comments.parent?.roles ?? {}
  const there = own === null ? undefined : roles[own]
  return there !== undefined && can(comments, { role: there, userId }, 'read')
}

/** On a phone the comments are a sheet, which is opened first. */
const bringUp = (id: string): void => {
  const panel = document.getElementById(panelId)
  if (panel?.popover && !panel.matches(':popover-open')) panel.showPopover()
  const thread = document.getElementById(id)
  const field = id === beginningAnchor ? thread?.querySelector('textarea') : thread
  field?.focus({ preventScroll: true })
  thread?.scrollIntoView({ block: 'nearest', behavior: 'instant' })
}
