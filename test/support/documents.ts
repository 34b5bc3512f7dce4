import * as Y from 'yjs'

/** A document, and the update that each change makes. */
export const startDocument = () => {
  const document = new Y.Doc()
  return {
    document,
    write(text: string): Uint8Array<ArrayBuffer> {
      const before = Y.encodeStateVector(document)
      document.getText('text').insert(document.getText('text').length, text)
      return Uint8Array.from(Y.encodeStateAsUpdate(document, before))
    }
  }
}

export const readText = (update: Uint8Array): string => {
  const document = new Y.Doc()
  Y.applyUpdate(document, update)
  return document.getText('text').toString()
}
