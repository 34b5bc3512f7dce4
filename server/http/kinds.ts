import { createRoute, z } from '@hono/zod-openapi'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { StorageNode } from '../../schema/storage-words.ts'
import { type Api, type ApiParts, jsonResponse, problemResponse } from './api.ts'

const accessShape = z.object({
  read: z.boolean(),
  write: z.union([z.literal('*'), z.array(z.string())]),
  comment: z.boolean(),
  manage: z.boolean(),
  mayTake: z.array(z.string())
})

const kindShape = z
  .object({
    kind: z.string(),
    access: z.record(z.string(), accessShape).describe('By role, from the highest'),
    creator: z.string().describe('The role of whoever creates a room'),
    storage: z.record(z.string(), z.string()).describe('Each key, in the words that it was defined in'),
    conflict: z.record(z.string(), z.string()).describe('The rule of each contested value'),
    actions: z
      .record(z.string(), z.array(z.string()))
      .describe('Each action, with the roles that may ask for it'),
    events: z.array(z.string()),
    isCreatedFirst: z
      .boolean()
      .describe('Made by `POST /api/rooms`, not by the first thing that is written to it'),
    parent: z
      .object({ kinds: z.array(z.string()), id: z.string(), roles: z.record(z.string(), z.string()) })
      .nullable()
      .describe('The kinds of room that it belongs to, and the role here for each role there')
  })
  .openapi('Kind')

const list = createRoute({
  method: 'get',
  path: '/api/kinds',
  tags: ['Rooms'],
  summary: 'What kinds of rooms there are',
  description: 'Their roles and what these may do, their storage, their actions.',
  responses: { 200: jsonResponse('By name', z.object({ kinds: z.array(kindShape) })), ...problemResponse }
})

export const addKinds = (api: Api, { kinds, admission }: ApiParts): void => {
  api.openapi(list, async (c) => {
    await admission.identity(c)
    return c.json({ kinds: [...kinds.values()].map(describe) }, 200)
  })
}

const describe = (definition: RoomDefinition): z.infer<typeof kindShape> => {
  const { kind, roles, access, creator, storage, conflict, actions, events, create, parent } = definition
  return {
    kind,
    access: Object.fromEntries(
      roles.map((role) => [role, describeRole(definition, role, access[role] ?? {})])
    ),
    creator,
    storage: Object.fromEntries(Object.entries(storage).map(([key, node]) => [key, describeNode(node)])),
    conflict: Object.fromEntries(
      Object.entries(conflict).map(([path, rule]) => [path, typeof rule === 'string' ? rule : 'merge'])
    ),
    actions: Object.fromEntries(
      Object.entries(actions).map(([name, action]) => [
        name,
        action.roles === '*' ? [...roles] : [...action.roles]
      ])
    ),
    events: Object.keys(events),
    isCreatedFirst: create !== null || parent?.creators !== undefined,
    parent: parent && { kinds: [...parent.kinds], id: parent.id, roles: { ...parent.roles } }
  }
}

const describeRole = (
  { roles }: RoomDefinition,
  role: string,
  { read = true, write = [], comment = false, manage = false, mayTake = [] }: RoomDefinition['access'][string]
): z.infer<typeof accessShape> => ({
  read,
  write: write === '*' ? write : [...write],
  comment,
  manage: manage || role === roles[0],
  mayTake: [...mayTake]
})

/** `collection { label: text, start: contested }` */
const describeNode = (node: StorageNode): string => {
  if (node.type === 'record') return `record of ${node.of.type}`
  if (node.type !== 'object' && node.type !== 'collection') return node.type
  const fields = Object.entries(node.fields).map(([name, { type }]) => `${name}: ${type}`)
  return `${node.type === 'collection' && node.isOwned ? 'owned ' : ''}${node.type} { ${fields.join(', ')} }`
}
