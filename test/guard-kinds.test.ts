/** Every role of every kind that ships writes at every place of its storage: it passes where `can` says so, and nowhere else. */
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { can, writeScope } from '../schema/access.ts'
import type { RoomDefinition } from '../schema/define-room.ts'
import { kinds } from '../schema/kinds/kinds.ts'
import type { FieldNode, StorageNode } from '../schema/storage-words.ts'
import { ClientOwners } from '../server/room/client-owners.ts'
import { guardUpdate } from '../server/room/write-guard.ts'
import { type RawStruct, rawUpdate } from './support/raw-update.ts'

const userId = 'ana'
const client = 99

/** A first write to a place of a storage, whatever its value. */
interface Write {
  readonly path: string
  readonly struct: RawStruct
}

const inRoot = (name: string, node: FieldNode): Write => ({
  path: name,
  struct: node.type === 'text' ? { text: 'x', parent: name } : { any: ['x'], parent: name }
})

const underKey = (root: string, key: string): Write => ({
  path: `${root}/${key}`,
  struct: { any: ['x'], parent: root, key }
})

const ids = ['ana', 'ana:1', 'bob', 'bob:1', 'anabel']

const writesOf = (key: string, node: StorageNode): Write[] => {
  switch (node.type) {
    case 'value':
      return [{ path: key, struct: { any: ['x'], parent: key, key: 'value' } }]
    case 'text':
    case 'contested':
      return [inRoot(key, node)]
    case 'object':
      return Object.entries(node.fields).map(([name, field]) =>
        field.type === 'value' ? underKey(key, name) : inRoot(`${key}/${name}`, field)
      )
    case 'collection':
      return ids.flatMap((id) => [
        { path: `${key}/${id}`, struct: { type: 1, parent: key, key: id } },
        ...Object.entries(node.fields).flatMap(([name, field]) =>
          field.type === 'value' ? [] : [inRoot(`${key}/${id}/${name}`, field)]
        )
      ])
    case 'record':
      return ids.map((id) => (node.of.type === 'value' ? underKey(key, id) : inRoot(`${key}/${id}`, node.of)))
    case 'perUser':
      return ids.map((id) => underKey(key, id))
  }
}

const judge = (definition: RoomDefinition, role: string, struct: RawStruct) =>
  guardUpdate(new Y.Doc({ guid: 'room' }), rawUpdate([{ client, clock: 0, structs: [struct] }]), {
    scope: writeScope(definition, role, userId),
    definition,
    userId,
    role,
    owners: new ClientOwners(),
    announced: client
  })

const notThere = ['path-refused', 'read-only']

describe.each([...kinds.values()].filter(({ storage }) => Object.keys(storage).length > 0))(
  '$kind',
  (definition) => {
    const writes = Object.entries(definition.storage).flatMap(([key, node]) => writesOf(key, node))

    it.each(definition.roles)('lets %s write where that role may, and nowhere else', (role) => {
      for (const { path, struct } of writes) {
        const verdict = judge(definition, role, struct)
        const isRefused = verdict.answer === 'refuse' && notThere.includes(verdict.code)
        expect(`${path}: ${isRefused}`).toBe(`${path}: ${!can(definition, { role, userId }, 'write', path)}`)
      }
    })

    it('has nowhere a root type that its storage does not name', () => {
      for (const name of ['nowhere', ...writes.map(({ path }) => `${path}/x/y`)]) {
        const role = definition.roles.find((each) => definition.access[each]?.write === '*') ?? 'admin'
        expect(judge(definition, role, { text: 'x', parent: name }), name).toMatchObject({ answer: 'refuse' })
      }
    })
  }
)
