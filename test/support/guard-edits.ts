/** One honest change of somebody: anywhere in a free document, or by the words of a kind, where their role may write. */
import * as Y from 'yjs'
import { can } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { document as freeKind } from '../../schema/kinds/document.ts'
import { userKey } from '../../schema/storage-words.ts'
import { plan } from './attack-kinds.ts'
import type { Random } from './seeded-random.ts'

/** A document of any form, in which some may write only some roots, or only what is theirs. */
export const free: RoomDefinition = {
  ...freeKind,
  roles: ['owner', 'writer', 'guest', 'reader'],
  access: {
    owner: { write: '*' },
    writer: { write: ['text', 'map', 'xml'] },
    guest: { write: ['map/own', 'notes/own', 'array'] },
    reader: {}
  }
}

export interface Editor {
  readonly userId: string
  readonly role: string
  readonly definition: RoomDefinition
  readonly random: Random
  /** By the writer's clock. */
  readonly at: number
}

type Change = (document: Y.Doc) => void

/** null: their role writes nothing. */
export const honestChange = (editor: Editor): Change | null => {
  const { definition, role, userId, random } = editor
  const all = definition === plan ? planChanges(editor) : freeChanges(editor)
  const changes = all.filter(([path]) => can(definition, { role, userId }, 'write', path))
  return changes.length === 0 ? null : random.pick(changes)[1]
}

const words = ['a', 'bc', 'déf', '😀', '😀😀x', 'long '.repeat(8)]
const spot = (random: Random, length: number): number => random.below(length + 1)

const editText =
  (random: Random, name: string): Change =>
  (document) =>
    typeIn(random, document.getText(name))

const typeIn = (random: Random, text: Y.Text): void => {
  const letters = text.toString()
  // No editor puts a caret into an emoji.
  const outside = (index: number): number =>
    /[\udc00-\udfff]/.test(letters[index] ?? '') ? index - 1 : index
  const at = outside(spot(random, letters.length))
  const length = outside(Math.min(letters.length, at + 1 + random.below(4))) - at
  random.pick([
    () => text.insert(at, random.pick(words)),
    () => text.insert(at, random.pick(words)),
    () => text.insert(at, random.pick(words), { bold: random.pick([true, null]) }),
    () => length > 0 && text.format(at, length, { bold: random.pick([true, null]) }),
    () => length > 0 && text.delete(at, length),
    () => length > 0 && text.delete(at, length)
  ])()
}

const value = (random: Random): unknown =>
  random.pick<unknown>([null, true, 7, -0.5, 'x', '😀', [1, ['a']], { a: { b: 1 } }])

const shared = (random: Random): unknown =>
  random.pick<() => unknown>([
    () => new Y.Map([['a', value(random)]]),
    () => listOf(value(random), value(random)),
    () => new Y.Text(random.pick(words)),
    () => new Y.Map([['deep', new Y.Map([['deeper', new Y.Text('x')]])]])
  ])()

const listOf = (...values: unknown[]): Y.Array<unknown> => {
  const list = new Y.Array<unknown>()
  list.push(values)
  return list
}

const editMap = (random: Random, map: Y.Map<unknown>, key: string): void => {
  const inner = map.get(key)
  random.pick([
    () => map.set(key, value(random)),
    () => map.set(key, shared(random)),
    () => map.delete(key),
    () => inner instanceof Y.Map && editMap(random, inner, random.pick(['a', 'deep', 'b'])),
    () => inner instanceof Y.Map && editMap(random, inner, random.pick(['a', 'deep', 'b'])),
    () => inner instanceof Y.Text && typeIn(random, inner),
    () => inner instanceof Y.Array && editArray(random, inner)
  ])()
}

const editArray = (random: Random, array: Y.Array<unknown>): void => {
  const at = spot(random, array.length)
  const inner = array.length > 0 ? array.get(random.below(array.length)) : undefined
  random.pick([
    () => array.insert(at, [value(random), value(random)]),
    () => array.insert(at, [shared(random)]),
    () => array.delete(at, Math.min(array.length - at, random.below(3))),
    () => inner instanceof Y.Map && editMap(random, inner, 'a'),
    () => inner instanceof Y.Text && typeIn(random, inner)
  ])()
}

const editXml = (random: Random, fragment: Y.XmlFragment): void => {
  const at = spot(random, fragment.length)
  const inner = fragment.length > 0 ? fragment.get(random.below(fragment.length)) : undefined
  random.pick([
    () => fragment.insert(at, [new Y.XmlElement(random.pick(['p', 'h1']))]),
    () => fragment.insert(at, [new Y.XmlText(random.pick(words))]),
    () => fragment.delete(at, Math.min(fragment.length - at, 1)),
    () => inner instanceof Y.XmlElement && inner.setAttribute('id', random.pick(words)),
    () => inner instanceof Y.XmlElement && editXml(random, inner),
    () => inner instanceof Y.XmlText && typeIn(random, inner)
  ])()
}

const freeChanges = ({ random, userId }: Editor): [path: string, change: Change][] => {
  const own = userKey(userId)
  const key = random.pick(['a', 'b', own, `${own}:1`])
  return [
    ['text', editText(random, 'text')],
    ['text/title', editText(random, 'text/title')],
    [`map/${key}`, (document) => editMap(random, document.getMap('map'), key)],
    [`map/${own}`, (document) => editMap(random, document.getMap('map'), own)],
    ['array', (document) => editArray(random, document.getArray('array'))],
    ['xml', (document) => editXml(random, document.getXmlFragment('xml'))],
    [`notes/${own}`, editText(random, `notes/${own}`)]
  ]
}

/** Sets a field of an entry that is there. */
const setField =
  (root: string, id: string, field: string, next: unknown): Change =>
  (document) => {
    const found = document.getMap(root).get(id)
    if (found instanceof Y.Map) found.set(field, next)
  }

/** Makes an entry that is not there; people choose ids that nobody else does, but may come back to their own. */
const addEntry =
  (root: string, id: string, entries: Record<string, unknown>): Change =>
  (document) => {
    const map = document.getMap(root)
    if (!map.has(id)) map.set(id, new Y.Map(Object.entries(entries)))
  }

const putValue =
  (root: string, key: string, next: unknown): Change =>
  (document) => {
    if (next === undefined) document.getMap(root).delete(key)
    else document.getMap(root).set(key, next)
  }

/** Replaces all claims that are seen. */
const claim =
  (root: string, next: unknown): Change =>
  (document) => {
    const claims = document.getArray(root)
    claims.delete(0, claims.length)
    claims.push([next])
  }

const planChanges = (editor: Editor): [path: string, change: Change][] => {
  const { random, userId, role, at } = editor
  const own = userKey(userId)
  const id = random.pick(['i1', 'i2', 'i3'])
  const entry = `${own}:${random.below(3)}`
  const made = { value: random.pick(['14:00', '15:00']), by: userId, role, at }
  const name = random.pick(words)
  return [
    ['title', editText(random, 'title')],
    ['headline/value', putValue('headline', 'value', name)],
    ['theme/color', putValue('theme', 'color', name)],
    ['theme/motto', editText(random, 'theme/motto')],
    ['date', claim('date', made)],
    [`items/${id}`, addEntry('items', id, { order: 'a0', name })],
    [`items/${id}/name`, setField('items', id, 'name', name)],
    [`items/${id}/minutes`, setField('items', id, 'minutes', random.below(99))],
    [`items/${id}/deletedAt`, setField('items', id, 'deletedAt', random.pick([null, at]))],
    [`items/${id}/body`, editText(random, `items/${id}/body`)],
    [`items/${id}/start`, claim(`items/${id}/start`, made)],
    [`tasks/${id}`, addEntry('tasks', id, { order: 'a1', name, done: true })],
    [`tasks/${id}/done`, setField('tasks', id, 'done', random.chance(50))],
    [`photos/${entry}`, addEntry('photos', entry, { order: 'a0', caption: name })],
    [`photos/${entry}/caption`, setField('photos', entry, 'caption', name)],
    [`photos/${entry}/story`, editText(random, `photos/${entry}/story`)],
    [`remarks/${entry}`, addEntry('remarks', entry, { order: 'a0', text: name })],
    [`remarks/${entry}/text`, setField('remarks', entry, 'text', name)],
    [`remarks/${entry}/draft`, editText(random, `remarks/${entry}/draft`)],
    [`rsvps/${own}`, putValue('rsvps', own, { coming: random.chance(50) })],
    [`picks/${entry}`, putValue('picks', entry, random.pick([true, false, undefined]))],
    [`answers/${id}`, putValue('answers', id, random.pick([name, 5, undefined]))],
    [`answerTexts/${id}`, editText(random, `answerTexts/${id}`)]
  ]
}

/** Claims say who made them: bringing back another's would be saying it in their name. */
export const undoableOf = (definition: RoomDefinition, document: Y.Doc): Y.AbstractType<unknown>[] => {
  const types =
    definition === plan
      ? [
          ...['items', 'tasks', 'photos', 'remarks', 'rsvps', 'picks', 'answers', 'headline', 'theme'].map(
            (name) => document.getMap(name)
          ),
          ...['title', 'theme/motto', 'items/i1/body', 'answerTexts/i1'].map((name) => document.getText(name))
        ]
      : [
          document.getText('text'),
          document.getMap('map'),
          document.getArray('array'),
          document.getXmlFragment('xml')
        ]
  return types as unknown as Y.AbstractType<unknown>[]
}
