/** A Y.Doc as the server keeps it: the same document, at less cost, and without a hand in what others wrote. */
import type { ObservableV2 } from 'lib0/observable'
import * as Y from 'yjs'

type Events = Y.Doc extends ObservableV2<infer Each> ? Each : never

export class ServerDocument extends Y.Doc {
  /** @param guid a random one for each document takes longer than all else that makes one */
  constructor(guid: string) {
    super({ guid })
    this.on('afterTransaction', leaveUntidied)
  }

  /** Yjs tells of seven events in each transaction, and makes a list of nobody for each. */
  override emit<Name extends keyof Events & string>(name: Name, args: Parameters<Events[Name]>): void {
    if (this._observers.has(name)) super.emit(name, args)
  }
}

/**
 * Keeps Yjs from tidying up marks of formats after what others wrote. It looks at every item that is deleted around each
 * one that was: fifty thousand items deleted at once take minutes. Marks that say nothing any more do no harm, and the
 * replicas of those who write tidy them up. Doing it twice makes no difference.
 *
 * Yjs asks for it while it calls the observers, and does it after this event.
 */
const leaveUntidied = (transaction: Y.Transaction): void => {
  transaction._needFormattingCleanup = false
}
