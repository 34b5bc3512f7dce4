/** People who edit one document with Yjs, at random: every type, every value, offline and on, and with undo. */
import * as Y from 'yjs'
import type { Random } from './seeded-random.ts'

export const startPerson = (client: number, keepsDeleted = false): Y.Doc => {
  const document = new Y.Doc({ gc: !keepsDeleted })
  document.clientID = client
  return document
}

const words = ['a', 'bc', 'déf', '😀', '😀😀x', '\ufeff', 'lo\u0000ng '.repeat(9), '[[[{{{"', '']
const keys = ['a', 'b', '', 'constructor', '😀']

/** Whatever `map.set` and `array.push` take. */
const values = (random: Random): unknown =>
  random.pick([
    () => null,
    () => random.chance(50),
    () => random.pick([0, -0, 1, -1, 63, 64, -64, 2 ** 31, -(2 ** 31), 2 ** 53 - 1, -(2 ** 53 - 1), 2 ** 60]),
    () => random.pick([0.5, -1e300, Number.NaN, Number.POSITIVE_INFINITY, Math.fround(0.1)]),
    () => random.pick([0n, 2n ** 63n - 1n, -(2n ** 63n)]),
    () => random.pick(words),
    () => random.bytes(random.below(5)),
    () => new Date(0),
    () => [undefined, null, [random.pick(words)], { [random.pick(words)]: undefined }],
    () => ({ [random.pick(words)]: { deep: [random.below(1000)] } }),
    () => nested(30)
  ])()

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)])

const types = (random: Random): Y.AbstractType<unknown> =>
  random.pick<() => Y.AbstractType<unknown>>([
    () => new Y.Map(Object.entries({ a: values(random) })) as unknown as Y.AbstractType<unknown>,
    () => Y.Array.from([[values(random)]]) as unknown as Y.AbstractType<unknown>,
    () => new Y.Text(random.pick(words)) as unknown as Y.AbstractType<unknown>,
    () => new Y.XmlElement('p') as unknown as Y.AbstractType<unknown>
  ])()

const spot = (random: Random, length: number): number => random.below(length + 1)

const editText = (random: Random, text: Y.Text): void => {
  const at = spot(random, text.length)
  const length = Math.min(text.length - at, 1 + random.below(4))
  random.pick([
    () => text.insert(at, random.pick(words)),
    () => text.insert(at, random.pick(words), { bold: random.pick([true, null]) }),
    () =>
      text.insertEmbed(at, random.pick<object | string>([{ image: '[[{' }, { a: [1, { b: null }] }, 'x'])),
    () => text.insertEmbed(at, new Y.Text('inner')),
    () => length > 0 && text.format(at, length, { bold: random.pick([true, null, '#fff', { a: 1 }]) }),
    () => length > 0 && text.delete(at, length),
    () => length > 0 && text.delete(at, length)
  ])()
}

const editMap = (random: Random, map: Y.Map<unknown>): void => {
  const key = random.pick(keys)
  const inner = map.get(key)
  random.pick([
    () => map.set(key, values(random)),
    () => map.set(key, types(random)),
    () => map.delete(key),
    () => inner instanceof Y.Map && editMap(random, inner),
    () => inner instanceof Y.Text && editText(random, inner),
    () => inner instanceof Y.Array && editArray(random, inner)
  ])()
}

const editArray = (random: Random, array: Y.Array<unknown>): void => {
  const at = spot(random, array.length)
  const inner = array.length > 0 ? array.get(random.below(array.length)) : undefined
  random.pick([
    () => array.insert(at, [random.below(9), [values(random)], { a: values(random) }]),
    () => array.insert(at, [types(random)]),
    () => array.delete(at, Math.min(array.length - at, random.below(3))),
    () => inner instanceof Y.Map && editMap(random, inner),
    () => inner instanceof Y.Text && editText(random, inner)
  ])()
}

const editXml = (random: Random, fragment: Y.XmlFragment): void => {
  const at = spot(random, fragment.length)
  const inner = fragment.length > 0 ? fragment.get(random.below(fragment.length)) : undefined
  random.pick([
    () => fragment.insert(at, [new Y.XmlElement(random.pick(['p', 'h1']))]),
    () => fragment.insert(at, [new Y.XmlText(random.pick(words))]),
    () => fragment.insert(at, [new Y.XmlHook('hook') as unknown as Y.XmlElement]),
    () => fragment.delete(at, Math.min(fragment.length - at, 1)),
    () =>
      inner instanceof Y.XmlElement && inner.setAttribute(random.pick(['id', 'class']), random.pick(words)),
    () => inner instanceof Y.XmlElement && editXml(random, inner)
  ])()
}

/** One change, somewhere. */
export const edit = (random: Random, document: Y.Doc): void => {
  random.pick([
    () => editText(random, document.getText('text')),
    () => editText(random, document.getText('text')),
    () => editText(random, document.getText('😀/title')),
    () => editMap(random, document.getMap('map')),
    () => editArray(random, document.getArray('array')),
    () => editXml(random, document.getXmlFragment('xml'))
  ])()
}

/** What was written of a document from now on, update by update. */
export const record = (document: Y.Doc): Uint8Array[] => {
  const updates: Uint8Array[] = []
  document.on('update', (update: Uint8Array) => updates.push(update))
  return updates
}
