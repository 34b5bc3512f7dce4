import { describe, expect, test } from 'vitest'
import { createWays, type Ended, type Transport } from '../client/transport/ways.ts'

const refused: Ended = { wasHeard: false, isNamed: false, openMs: 0, isHeldBack: false }
const heldBack: Ended = { ...refused, isHeldBack: true }
const diedYoung: Ended = { wasHeard: true, isNamed: false, openMs: 2_000, isHeldBack: false }
const diedOld: Ended = { ...diedYoung, openMs: 60_000 }
const named: Ended = { ...diedYoung, isNamed: true }

/** Where a client is after each of these, and whether it goes there at once. */
const after = (transport: Transport, ...endings: readonly Ended[]): string[] => {
  const ways = createWays(transport)
  return endings.map((ending) => {
    const isAtOnce = ways.ended(ending)
    return `${ways.current}${isAtOnce ? ' at once' : ''}`
  })
}

describe('the way of a connection', () => {
  test.each<[string, Transport, Ended[], string[]]>([
    ['a WebSocket that does not open', 'auto', [refused], ['stream at once']],
    ['a WebSocket that dies young once', 'auto', [diedYoung], ['websocket']],
    ['and twice', 'auto', [diedYoung, diedYoung], ['websocket', 'stream at once']],
    [
      'and once now and then',
      'auto',
      [diedYoung, diedOld, diedYoung],
      ['websocket', 'websocket', 'websocket']
    ],
    ['what the server ends by name', 'auto', [named, named, named], ['websocket', 'websocket', 'websocket']],
    [
      'a server that is away',
      'auto',
      [refused, refused, refused],
      ['stream at once', 'websocket', 'stream at once']
    ],
    ['a stream that is held back', 'auto', [refused, heldBack], ['stream at once', 'poll at once']],
    [
      'a stream that dies young',
      'auto',
      [refused, diedYoung, diedYoung],
      ['stream at once', 'stream', 'poll at once']
    ],
    [
      'answers that do not come',
      'auto',
      [refused, heldBack, heldBack],
      ['stream at once', 'poll at once', 'websocket']
    ],
    [
      'only WebSockets',
      'websocket',
      [refused, diedYoung, diedYoung],
      ['websocket', 'websocket', 'websocket']
    ],
    ['no WebSockets', 'stream', [refused, heldBack, refused], ['stream', 'poll at once', 'stream']]
  ])('%s', (_, transport, endings, expected) => {
    expect(after(transport, ...endings)).toEqual(expected)
  })

  test('back to a WebSocket that dies young again leads to the stream at once', () => {
    const ways = createWays('auto')
    ways.ended(refused)
    ways.reopened()
    expect(ways.current).toBe('websocket')
    expect(ways.ended(diedYoung)).toBe(true)
    expect(ways.current).toBe('stream')
  })
})
