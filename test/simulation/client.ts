import type * as Y from 'yjs'
import type { Edit, Ledger } from './ledger.ts'

/** An edit, made in one transaction that sets this marker. */
export type Change = (document: Y.Doc, marker: string) => Edit

/** Somebody in a story. */
export interface Client {
  readonly name: string
  readonly room: string
  readonly document: Y.Doc
  readonly ledger: Ledger
  /** Whatever the server did that it never should to somebody honest. */
  readonly wrongs: string[]
  /** Its Yjs client id. */
  readonly id: number
  readonly isOnline: boolean
  /** It is connected, has the room, and everything that it wrote is saved. */
  readonly isSettled: boolean
  /** The node that it is, or wants to be, connected to. */
  readonly node: number
  /** The address that it is connected to, or tries to be; null: none. */
  readonly address: string | null
  /** The client ids that it is shown, with their users; its own has none. */
  readonly seen: ReadonlyMap<number, string | undefined>
  /** Makes an edit, whether it is connected or not. */
  write(change: Change): void
  /** The network loses it: neither side hears a word of that, or of anything that was under way. */
  cut(): void
  /** Says goodbye, and connects to that node without waiting for an answer. */
  move(node: number): void
  leave(): void
  comeBack(): void
  stopReading(): void
  readOn(): void
  /** For a report: how far it is. */
  describe(): string
  close(): void
}

export interface ClientParts {
  readonly name: string
  readonly room: string
  readonly token: string
  /** As a provider that its makers deliver. */
  readonly isStock: boolean
  /** Where to connect: the node that is wanted if it runs, else another one; null: none runs. */
  addressOf(node: number): string | null
  readonly node: number
}
