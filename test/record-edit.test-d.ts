/** The types of records that are edited at leisure. tsc is the test. */
import { editRecord, type Room } from '../client/index.ts'
import type { board } from './support/board.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const claim = <T extends true>(_: T): void => {}

export const anEditHasTheFieldsOfItsRecord = (room: Room<(typeof board)['storage']>): void => {
  const card = editRecord(room, 'cards', 'c1')
  claim<Equal<typeof card.base.rank, number>>(true)
  claim<Equal<typeof card.base.start, number>>(true)
  card.save({ name: 'King', start: 3 }, 'merge')
  editRecord(room, 'settings').save({ limit: 5 })
  // @ts-expect-error a value of another type
  card.save({ rank: 'high' })
  // @ts-expect-error no field of the record
  card.save({ size: 3 })
  // @ts-expect-error no strategy
  card.save({ rank: 3 }, 'mine')
  // @ts-expect-error an entry has an id
  editRecord(room, 'cards')
  // @ts-expect-error an object has none
  editRecord(room, 'settings', 'x')
  // @ts-expect-error a text is no record
  editRecord(room, 'title')
}
