import * as Y from 'yjs'
import { callServer, roomPath } from './http.ts'

/** The entries of a room, as its server tells them. */
export const readEntries = async (url: string, room: string): Promise<{ seq: number; update: Buffer }[]> => {
  const entries: { seq: number; update: Buffer }[] = []
  for (let after: number | null = 0; after !== null; ) {
    const answer: Response = await callServer(url, roomPath(room, `/entries?after=${after}&limit=1000`))
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
    const page: { entries: { seq: number; update: string }[]; next: number | null } = await answer.json()
    for (const { seq, update } of page.entries) entries.push({ seq, update: Buffer.from(update, 'base64') })
    after = page.next
  }
  return entries
}

/** The document of a room, as its server tells it. */
export const readDocument = async (url: string, room: string): Promise<Y.Doc> => {
  const answer = await callServer(url, roomPath(room, '/doc'))
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  const document = new Y.Doc()
  Y.applyUpdate(document, new Uint8Array(await answer.arrayBuffer()))
  return document
}

export const readView = async (url: string, room: string): Promise<{ seq: number; data: unknown }> => {
  const answer = await callServer(url, roomPath(room, '/view'))
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  return await answer.json()
}
