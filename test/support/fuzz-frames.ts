/** What a hostile or broken client might send: frames that are wrong in every place, most of them almost right. */
import * as Y from 'yjs'
import {
  authMessage,
  awarenessMessage,
  closeMessage,
  queryAwarenessMessage,
  statelessMessage,
  strangeMessage,
  syncMessage
} from './raw-messages.ts'
import type { Random } from './seeded-random.ts'
import { edit, startPerson } from './yjs-story.ts'

export type Frame = Uint8Array | string

/** Addresses that are no room, or almost one. */
export const strangeAddresses = [
  '',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'document/',
  '/x',
  'document/x/y',
  'document/../x',
  'nokind/x',
  'document/\0',
  '\0',
  'document/\ufeffx',
  'document/%00',
  `document/${'x'.repeat(100_000)}`,
  '😀/😀',
  'document/x\r\n{"level":"fatal"}'
]

/** A frame of any kind, about the room at `address`. */
export const anyFrame = (random: Random, address: string): Frame =>
  random.pick([
    () => random.bytes(random.below(64)),
    () => random.bytes(random.below(64)),
    () => mangled(random, honestFrame(random, address)),
    () => mangled(random, honestFrame(random, address)),
    () => Buffer.concat([honestFrame(random, address), random.bytes(1 + random.below(9))]),
    () => honestFrame(random, random.pick(strangeAddresses)),
    () => brokenText(honestFrame(random, address)),
    () => authMessage(random.pick([address, ...strangeAddresses]), strangeToken(random)),
    () => random.pick(['', 'text', '\0', `\u0000\u0002${'x'.repeat(100)}`]),
    () => Uint8Array.of(random.below(256))
  ])()

/** A frame that can be read up to its payload, which is where it goes wrong: it does not end the session. */
export const readableFrame = (random: Random, address: string): Frame =>
  random.pick([
    () => strangeMessage(address, random.pick([6, 10, 11, 127, 128, 2 ** 31, 2 ** 53 - 1])),
    () => syncMessage(address, random.pick([1, 2]), mangled(random, honestUpdate(random))),
    () => syncMessage(address, random.pick([1, 2]), mangled(random, honestUpdate(random))),
    () => syncMessage(address, random.pick([1, 2, 3, 200]), random.bytes(random.below(40))),
    () => syncMessage(address, 1, Y.encodeStateAsUpdateV2(startPerson(9))),
    () => awarenessMessage(address, random.bytes(random.below(40))),
    () =>
      awarenessMessage(address, [{ id: random.below(9), clock: random.below(9), state: strange(random) }]),
    () => statelessMessage(address, random.pick(['', '{', 'null', '[]', '{"type":"flush"}', '{"type":1}'])),
    () => statelessMessage(address, `{"type":"flush","id":${random.pick([-1, 0.5, '1e400', '"1"', '{}'])}}`),
    () => statelessMessage(address, '['.repeat(20_000)),
    () => queryAwarenessMessage(address),
    () => Uint8Array.of(random.pick([9, 10]))
  ])()

const strange = (random: Random): unknown =>
  random.pick<unknown>([
    null,
    1,
    'x',
    [],
    { user: null },
    { user: { id: 'admin' } },
    { toString: 1, ['__proto__']: 1 }
  ])

const honestUpdate = (random: Random): Uint8Array => {
  const document = startPerson(1 + random.below(2 ** 31))
  for (let edits = 1 + random.below(3); edits > 0; edits--) edit(random, document)
  return Y.encodeStateAsUpdate(document)
}

const honestFrame = (random: Random, address: string): Uint8Array =>
  random.pick([
    () => syncMessage(address, random.below(3), honestUpdate(random)),
    () => awarenessMessage(address, [{ id: random.below(9), clock: 1, state: {} }]),
    () => statelessMessage(address, '{"type":"watch"}'),
    () => queryAwarenessMessage(address),
    () => closeMessage(address),
    () => strangeMessage(address, random.below(300))
  ])()

const strangeToken = (random: Random): string =>
  random.pick(['', '\0', 'a.b.c', '__proto__', 'x'.repeat(20_000), `${'e30.'.repeat(2)}`, '😀'.repeat(100)])

/** A byte changed, cut off, doubled or put elsewhere. */
export const mangled = (random: Random, whole: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(whole)
  const at = random.below(bytes.length)
  return random.pick([
    () => bytes.with(at, random.below(256)),
    () => bytes.with(at, (bytes[at] ?? 0) ^ (1 << random.below(8))),
    () => bytes.copyWithin(at, random.below(bytes.length)),
    () => bytes.slice(0, at),
    () => Buffer.concat([bytes.slice(0, at), random.bytes(1 + random.below(4)), bytes.slice(at)])
  ])()
}

/** The last letter of the address, or of whatever text comes first, is no UTF-8 any more. */
const brokenText = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes).fill(0xff, 1, 2)
