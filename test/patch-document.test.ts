import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { document } from '../schema/kinds/document.ts'
import { startPatched } from './support/patched.ts'

describe('a patch of a free document', () => {
  const free = () => {
    const world = startPatched(document)
    const { doc } = world
    doc.getText('text').insert(0, 'bring tea')
    doc.getMap('map').set('plain', { a: [1, 2] })
    doc.getMap('map').set('note', new Y.Text('hot tea'))
    doc.getMap('map').set('inner', new Y.Map([['x', 1]]))
    doc.getArray('list').push(['one', new Y.Map([['x', 1]]), 'three'])
    return world
  }

  test.each([
    ['replaces a text', { op: 'replace', path: '/text', value: 'bring milk' }, { text: 'bring milk' }],
    ['begins a text', { op: 'add', path: '/new', value: 'hello' }, { new: 'hello' }],
    ['begins a list', { op: 'add', path: '/new', value: [1, { a: 2 }] }, { new: [1, { a: 2 }] }],
    ['begins a map', { op: 'add', path: '/new', value: { a: { b: 1 } } }, { new: { a: { b: 1 } } }],
    [
      'replaces what a map holds',
      { op: 'replace', path: '/map', value: { note: 'cold tea', z: 1 } },
      { map: { note: 'cold tea', z: 1 } }
    ],
    ['replaces what a list holds', { op: 'replace', path: '/list', value: [7] }, { list: [7] }],
    ['writes a member of a map', { op: 'add', path: '/map/y', value: null }, { map: { y: null } }],
    [
      'removes a member of a map',
      { op: 'remove', path: '/map/inner' },
      { map: { plain: { a: [1, 2] }, note: 'hot tea' } }
    ],
    [
      'writes into a map within a list',
      { op: 'replace', path: '/list/1/x', value: 2 },
      { list: ['one', { x: 2 }, 'three'] }
    ],
    [
      'writes inside of a plain value',
      { op: 'add', path: '/map/plain/a/-', value: 3 },
      { map: { plain: { a: [1, 2, 3] } } }
    ],
    [
      'inserts into a list',
      { op: 'add', path: '/list/1', value: 'two' },
      { list: ['one', 'two', { x: 1 }, 'three'] }
    ],
    [
      'appends to a list',
      { op: 'add', path: '/list/-', value: 'four' },
      { list: ['one', { x: 1 }, 'three', 'four'] }
    ],
    [
      'replaces an item',
      { op: 'replace', path: '/list/2', value: 'drei' },
      { list: ['one', { x: 1 }, 'drei'] }
    ],
    ['removes an item', { op: 'remove', path: '/list/0' }, { list: [{ x: 1 }, 'three'] }],
    ['moves an item', { op: 'move', from: '/list/0', path: '/list/2' }, { list: [{ x: 1 }, 'three', 'one'] }],
    [
      'moves a shared type',
      { op: 'move', from: '/map/inner', path: '/list/-' },
      { list: ['one', { x: 1 }, 'three', { x: 1 }] }
    ],
    [
      'copies a shared type',
      { op: 'copy', from: '/list/1', path: '/map/inner/deep' },
      { map: { inner: { x: 1, deep: { x: 1 } } } }
    ],
    [
      'copies into a plain value',
      { op: 'copy', from: '/list/1', path: '/map/plain/b' },
      { map: { plain: { b: { x: 1 } } } }
    ],
    ['copies a root', { op: 'copy', from: '/text', path: '/map/copy' }, { map: { copy: 'bring tea' } }]
  ])('%s', (_, operation, expected) => {
    const { patch, view } = free()
    patch([operation])
    expect(view()).toMatchObject(expected)
  })

  test('takes for a text what was one, and is empty now', () => {
    const { doc, patch, view } = free()
    doc.getText('text').delete(0, 9)
    const world = startPatched(document)
    Y.applyUpdate(world.doc, Y.encodeStateAsUpdate(doc))
    world.patch([{ op: 'replace', path: '/text', value: 'bring milk' }])
    expect(world.view()).toMatchObject({ text: 'bring milk' })
    patch([{ op: 'replace', path: '/text', value: 'bring milk' }])
    expect(view()).toMatchObject({ text: 'bring milk' })
  })

  test('leaves texts and maps the shared types that they are', () => {
    const { patch, doc } = free()
    const note = doc.getMap('map').get('note')
    const item = doc.getArray('list').get(1)
    patch([
      { op: 'replace', path: '/map/note', value: 'very hot tea' },
      { op: 'replace', path: '/list/1/x', value: 2 },
      { op: 'add', path: '/map/new', value: { a: 1 } }
    ])
    expect(doc.getMap('map').get('note')).toBe(note)
    expect(doc.getArray('list').get(1)).toBe(item)
    expect(doc.getMap('map').get('new')).toBeInstanceOf(Y.Map)
  })

  test('reads a document of which nothing is known but bytes', () => {
    const { doc } = free()
    const world = startPatched(document)
    Y.applyUpdate(world.doc, Y.encodeStateAsUpdate(doc))
    world.patch([
      { op: 'replace', path: '/text', value: 'bring hot tea' },
      { op: 'add', path: '/list/0', value: 'zero' },
      { op: 'remove', path: '/map/plain' }
    ])
    expect(world.view()).toEqual({
      text: 'bring hot tea',
      map: { note: 'hot tea', inner: { x: 1 } },
      list: ['zero', 'one', { x: 1 }, 'three']
    })
  })

  test.each([
    ['a root that is to go', { op: 'remove', path: '/text' }],
    ['a root that is to be another', { op: 'replace', path: '/text', value: [1] }],
    ['a root that is a number', { op: 'add', path: '/new', value: 7 }],
    ['a place inside of a text', { op: 'add', path: '/text/0', value: 'x' }],
    ['a place in a root that is not there', { op: 'add', path: '/nothing/x', value: 1 }],
    ['an item behind the end', { op: 'add', path: '/list/9', value: 1 }],
    ['what is not there', { op: 'replace', path: '/map/nothing', value: 1 }],
    ['what every object inherits', { op: 'copy', from: '/map/plain/constructor', path: '/map/x' }]
  ])('is refused for %s', (_, operation) => {
    const { patch, view } = free()
    const before = view()
    expect(() => patch([operation])).toThrow(expect.objectContaining({ reason: 'patch-failed' }))
    expect(view()).toEqual(before)
  })
})
