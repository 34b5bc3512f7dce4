/** What must hold once faults have stopped: everybody has the same document, and that is what the log folds to. */
import { isDeepStrictEqual } from 'node:util'
import * as Y from 'yjs'
import type { Json } from '../../schema/json.ts'
import { callServer, roomPath } from '../support/http.ts'
import { type LogOf, readAudited } from './check-promises.ts'
import { partsOf } from './random-edit.ts'
import type { Story } from './story.ts'
import { operatorToken } from './tokens.ts'
import type { Violation } from './violation.ts'

export const checkReplicas = async (story: Story): Promise<Violation[]> => {
  const ofRooms = await Promise.all(story.rooms.map((room) => checkRoom(story, room)))
  return ofRooms.flat()
}

const checkRoom = async (story: Story, room: string): Promise<Violation[]> => {
  const log = await readAudited(story.world, room)
  if ('found' in log) return [log]
  const here = story.clients.filter((client) => client.room === room)
  return [
    ...here.flatMap((client) => compareReplica(room, client.name, client.document, log)),
    ...(await checkNodes(story, room, log))
  ]
}

/** As every node tells it over HTTP: the document, and the view. */
const checkNodes = async ({ world }: Story, room: string, log: LogOf): Promise<Violation[]> => {
  const token = await operatorToken()
  const found = world.nodes.map(async ({ address }, index) => {
    if (address === null || log.head === 0) return []
    const ask = (rest: string) => callServer(address.url, roomPath(room, rest), { token })
    const [doc, view] = await Promise.all([ask('/doc'), ask('/view')])
    if (!doc.ok || !view.ok)
      return [differs(room, `node ${index}`, `answers ${doc.status} and ${view.status}`)]
    const document = new Y.Doc()
    Y.applyUpdate(document, new Uint8Array(await doc.arrayBuffer()))
    const { seq, data }: { seq: number; data: Json } = await view.json()
    return [
      ...compareReplica(room, `the document of node ${index}`, document, log),
      ...compareView(room, `the view of node ${index}`, { seq, data }, log)
    ]
  })
  return (await Promise.all(found)).flat()
}

const check = 'all replicas are what the log folds to'
const differs = (room: string, who: string, how: string): Violation => ({
  check,
  room,
  found: `${who} ${how}`
})

export const compareReplica = (
  room: string,
  who: string,
  document: Y.Doc,
  { audit, head }: LogOf
): Violation[] => {
  if (document.store.pendingStructs !== null || document.store.pendingDs !== null)
    return [differs(room, who, 'waits for content that it was never sent')]
  const [theirs, folded] = [clocksOf(document), clocksOf(audit.document)]
  if (!isDeepStrictEqual(theirs, folded))
    return [differs(room, who, `is at ${show(theirs)}, the log at ${show(folded)}, seq ${head}`)]
  if (!Y.equalSnapshots(Y.snapshot(document), Y.snapshot(audit.document)))
    return [differs(room, who, `has deleted something else than the log, seq ${head}`)]
  const [shown, logged] = [contentOf(document), contentOf(audit.document)]
  if (!isDeepStrictEqual(shown, logged))
    return [differs(room, who, `holds ${show(shown)}, the log ${show(logged)}, seq ${head}`)]
  return []
}

const compareView = (
  room: string,
  who: string,
  { seq, data }: { readonly seq: number; readonly data: Json },
  { audit, head }: LogOf
): Violation[] => {
  if (seq !== head) return [differs(room, who, `is of seq ${seq}, the log ends at ${head}`)]
  const folded = filled(contentOf(audit.document))
  return isDeepStrictEqual(filled(data), folded)
    ? []
    : [differs(room, who, `is ${show(data)}, the log ${show(folded)}, seq ${head}`)]
}

const clocksOf = (document: Y.Doc): Record<string, number> =>
  Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(document)))

const contentOf = (document: Y.Doc): Json => {
  const { marks, text, list, shared } = partsOf(document)
  return { marks: marks.toJSON(), text: text.toString(), list: list.toJSON(), shared: shared.toJSON() }
}

/** What is empty has no type, and so is no difference. */
const filled = (data: Json): unknown =>
  Object.fromEntries(
    Object.entries(data ?? {}).filter(([, root]) =>
      typeof root === 'object' && root !== null ? Object.keys(root).length > 0 : root !== ''
    )
  )

const shownMax = 300

const show = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.length > shownMax ? `${text.slice(0, shownMax)}… (${text.length} characters)` : text
}
