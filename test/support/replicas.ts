/** Several people at one document, without a server: their replicas, and every update that any of them made. */
import * as Y from 'yjs'
import { createReplica, type Replica } from '../../client/replica.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { Writer } from '../../schema/live-storage.ts'
import type { StorageProblem } from '../../schema/storage.ts'
import type { StorageShape } from '../../schema/storage-words.ts'

export interface Person<St extends StorageShape> extends Replica<St> {
  readonly who: Writer
  readonly problems: StorageProblem[]
}

export interface People<St extends StorageShape> {
  /** Somebody new, with nothing in hand; the same user may come in twice. */
  join(who: Writer): Person<St>
  /** Everything that was made so far, in the order it was made. */
  readonly log: readonly Uint8Array[]
  /** Whose a client id is. */
  userOf(client: number): string | undefined
  /** Everybody sees everything. */
  meet(): void
}

const fromOthers = { from: 'others' }

export const createPeople = <St extends StorageShape>(definition: RoomDefinition<St>): People<St> => {
  const people: Person<St>[] = []
  const log: Uint8Array[] = []
  const users = new Map<number, string>()
  return {
    log,
    userOf: (client) => users.get(client),
    join: (who) => {
      const problems: StorageProblem[] = []
      const replica = createReplica(definition, {
        who,
        assertMayWrite: () => {},
        mayWrite: () => true,
        changed: (update, origin) => {
          if (origin === fromOthers) return false
          log.push(update)
          return true
        },
        problem: (problem) => problems.push(problem)
      })
      users.set(replica.doc.clientID, who.userId)
      const person = { ...replica, who, problems }
      people.push(person)
      return person
    },
    meet: () => {
      for (const { doc } of people) for (const update of log) receive(doc, update)
    }
  }
}

/** An update of somebody else arrives. */
export const receive = (doc: Y.Doc, update: Uint8Array): void => Y.applyUpdate(doc, update, fromOthers)

/** `to` learns all that `from` knows. */
export const tell = (from: Y.Doc, to: Y.Doc): void =>
  receive(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)))
