import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { byteas, type Database, int8s, texts, uuids } from '../server/database/database.ts'
import { engines } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type OpenDatabase, openOn } from './support/open-database.ts'

const id = '6fa459ea-ee8a-3ca4-894e-db77e160355e'

describe.each(engines)('on %s', (engine) => {
  describe.skipIf(engine === 'postgres' && missing('postgres'))('an array as a parameter', () => {
    let opened: OpenDatabase
    let database: Database

    beforeAll(async () => {
      opened = await openOn(engine)
      database = opened.database
    })
    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    const rowsOf = async (type: string, literal: string): Promise<unknown[]> => {
      const rows = await database.query(`select value from unnest($1::text::${type}[]) as value`, [literal])
      return rows.map(({ value }) => value)
    }
    const nasty = [
      '',
      ' ',
      'NULL',
      'null',
      '{}',
      '{a,b}',
      ',',
      '"',
      '\\',
      '\\"',
      "'",
      '\n\t',
      '$1',
      'ü👋',
      null,
      'a'
    ]

    it('may be of texts, whatever is in them', async () => {
      expect(await rowsOf('text', texts(nasty))).toEqual(nasty)
    })

    it('may be of any text that Postgres can hold', async () => {
      const storable = fc
        .string({ unit: 'grapheme' })
        .filter((text) => !text.includes('\0') && text.isWellFormed())
      await fc.assert(
        fc.asyncProperty(fc.array(fc.option(storable)), async (values) => {
          expect(await rowsOf('text', texts(values))).toEqual(values)
        }),
        { numRuns: 50 }
      )
    })

    it('may be of numbers beyond what JavaScript counts exactly', async () => {
      const values = [9223372036854775807n, -9223372036854775808n, 0, -1, null]
      expect(await rowsOf('int8', int8s(values))).toEqual([
        9223372036854775807n,
        -9223372036854775808n,
        0n,
        -1n,
        null
      ])
    })

    it('may be of bytes, empty ones and parts of a buffer too', async () => {
      const values = [
        new Uint8Array(),
        null,
        Buffer.from('a"\\,{}\0'),
        new Uint8Array([9, 255, 9]).subarray(1, 2)
      ]
      const expected = [Buffer.from(''), null, Buffer.from('a"\\,{}\0'), Buffer.from([255])]
      expect(await rowsOf('bytea', byteas(values))).toEqual(expected)
    })

    it('may be of uuids', async () => {
      expect(await rowsOf('uuid', uuids([id, null]))).toEqual([id, null])
    })

    it('may be of nothing', async () => {
      for (const [type, literal] of Object.entries({
        text: texts([]),
        int8: int8s([]),
        bytea: byteas([]),
        uuid: uuids([])
      })) {
        expect(await rowsOf(type, literal)).toEqual([])
      }
    })

    it('has the length that was given', async () => {
      const [row] = await database.query('select cardinality($1::text::text[]) as n', [texts(['', ''])])
      expect(row).toEqual({ n: 2 })
    })
  })
})
