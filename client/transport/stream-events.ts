/** Reads an event stream, in whatever pieces it comes. */
export interface StreamEvent {
  readonly type: string
  readonly data: string
}

/** @returns a function that takes the next piece, and gives the events that are complete with it */
export const createEventReader = (): ((piece: string) => readonly StreamEvent[]) => {
  let rest = ''
  let last = ''
  return (piece) => {
    // A large event comes in many pieces: it is searched once.
    const isEnd = (last + piece).includes(blank)
    last = piece.at(-1) ?? last
    rest += piece
    if (!isEnd) return []
    const blocks = rest.split(blank)
    rest = blocks.pop() ?? ''
    return blocks.map(readEvent).filter((event) => event !== null)
  }
}

const blank = '\n\n'

/** null: a comment, which says only that somebody is there. */
const readEvent = (block: string): StreamEvent | null => {
  let type = 'message'
  let data: string | null = null
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) type = line.slice('event: '.length)
    else if (line.startsWith('data: ')) data = line.slice('data: '.length)
  }
  return data === null ? null : { type, data }
}
