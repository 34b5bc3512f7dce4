/** A room's document with the guard before it, without a room. */

import { expect } from 'vitest'
import * as Y from 'yjs'
import { writeScope } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { document as freeKind } from '../../schema/kinds/document.ts'
import { ServerDocument } from '../../server/log/server-document.ts'
import { ClientOwners } from '../../server/room/client-owners.ts'
import { type GuardedBy, guardUpdate, type Verdict } from '../../server/room/write-guard.ts'

export interface Guarded {
  readonly document: Y.Doc
  readonly owners: ClientOwners
  /** What the guard says: the document is as it was. */
  judge(update: Uint8Array, as?: Partial<Writer>): Verdict
  /** Applies what passes. */
  send(update: Uint8Array, as?: Partial<Writer>): Verdict
}

export interface Writer {
  readonly userId: string
  readonly role: string
  readonly announced: number | null
}

export const startGuarded = (definition: RoomDefinition = freeKind): Guarded => {
  const document = new ServerDocument('room')
  const owners = new ClientOwners()
  const toGuardedBy = ({
    userId = 'ada',
    role = definition.roles[0] ?? '',
    announced = null
  }: Partial<Writer>): GuardedBy => ({
    scope: writeScope(definition, role, userId),
    definition,
    userId,
    role,
    owners,
    announced
  })
  const judge: Guarded['judge'] = (update, as = {}) => {
    const before = Y.encodeStateAsUpdate(document)
    const roots = [...document.share.keys()]
    const verdict = guardUpdate(document, update, toGuardedBy(as))
    expect(Buffer.compare(Y.encodeStateAsUpdate(document), before), 'judging changes nothing').toBe(0)
    expect([...document.share.keys()]).toEqual(roots)
    return verdict
  }
  return {
    document,
    owners,
    judge,
    send: (update, as = {}) => {
      const verdict = judge(update, as)
      if (verdict.answer !== 'apply') return verdict
      for (const client of verdict.claims) owners.claim(client, as.userId ?? 'ada')
      Y.applyUpdate(document, verdict.update)
      expect([document.store.pendingStructs, document.store.pendingDs]).toEqual([null, null])
      return verdict
    }
  }
}

export const applied = expect.objectContaining({ answer: 'apply' })

export const refused = (code: string, path: string | null = null): Verdict =>
  expect.objectContaining({ answer: 'refuse', code, path })
