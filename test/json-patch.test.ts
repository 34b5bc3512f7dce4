import { describe, expect, test } from 'vitest'
import type { RoomlogError } from '../schema/error-codes.ts'
import {
  depthMax,
  formatPointer,
  operationsMax,
  parsePatch,
  parsePointer,
  toIndex
} from '../schema/json-patch.ts'

const refusal = (run: () => unknown): RoomlogError => {
  try {
    run()
  } catch (error) {
    return error as RoomlogError
  }
  throw new Error('it was not refused')
}

describe('a pointer', () => {
  test.each([
    ['', []],
    ['/', ['']],
    ['/items/0', ['items', '0']],
    ['/a~1b/m~0n/~01', ['a/b', 'm~n', '~1']]
  ])('%j is read segment by segment, and written back as it was', (text, segments) => {
    expect(parsePointer(text)).toEqual(segments)
    expect(formatPointer(segments)).toBe(text)
  })

  test.each(['items', '/a~', '/a~2b', 7, null, '/__proto__/x', '/'.repeat(depthMax + 1)])(
    '%j is refused',
    (text) => {
      expect(refusal(() => parsePointer(text)).reason).toBe('request-invalid')
    }
  )

  test('a segment is an index if it is a number without a leading zero', () => {
    expect(['0', '10', '01', '-1', '1e3', '', '-', '9999999999'].map(toIndex)).toEqual([
      0,
      10,
      null,
      null,
      null,
      null,
      null,
      null
    ])
  })
})

describe('a patch', () => {
  test('keeps what RFC 6902 knows of each operation, and drops the rest', () => {
    const patch = parsePatch([
      { op: 'add', path: '/a', value: null, why: 'because' },
      { op: 'remove', path: '/a' },
      { op: 'move', from: '/a', path: '/b' }
    ])
    expect(patch).toEqual([
      { op: 'add', path: ['a'], value: null },
      { op: 'remove', path: ['a'] },
      { op: 'move', from: ['a'], path: ['b'] }
    ])
  })

  test.each([
    ['no list', {}],
    ['an operation that is no object', ['add']],
    ['an unknown operation', [{ op: 'merge', path: '/a', value: 1 }]],
    ['an operation that an object inherits', [{ op: 'toString', path: '/a' }]],
    ['no path', [{ op: 'remove' }]],
    ['no value', [{ op: 'add', path: '/a' }]],
    ['no from', [{ op: 'copy', path: '/a' }]],
    ['a move into itself', [{ op: 'move', from: '/a', path: '/a/b' }]],
    ['a value that names __proto__', JSON.parse('[{"op":"add","path":"/a","value":[{"__proto__":{}}]}]')],
    [
      'a value that nests too deeply',
      [{ op: 'add', path: '/a', value: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) }]
    ],
    ['too many operations', Array(operationsMax + 1).fill({ op: 'remove', path: '/a' })]
  ])('with %s is refused', (_, body) => {
    expect(refusal(() => parsePatch(body)).reason).toBe('request-invalid')
  })

  test('says which operation is wrong', () => {
    expect(
      refusal(() =>
        parsePatch([
          { op: 'remove', path: '/a' },
          { op: 'add', path: '/b' }
        ])
      ).message
    ).toBe('operation 1 has no value')
  })
})
