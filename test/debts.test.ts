import { describe, expect, it } from 'vitest'
import { Debts, debtorAt, debtorNamed } from '../server/session/debts.ts'

const owed = (framesSeconds: number, bytesSeconds = 0) => ({ framesSeconds, bytesSeconds })
const nothing = owed(0)

describe('whoever leaves', () => {
  it('owes what they had not paid, and nobody else does', () => {
    const debts = new Debts()
    debts.leave([debtorNamed('ada')], owed(60))
    expect(debts.of(debtorNamed('ada')).framesSeconds).toBeGreaterThan(30)
    expect(debts.of(debtorNamed('ada')).bytesSeconds).toBe(0)
    expect(debts.of(debtorNamed('ben'))).toEqual(nothing)
    expect(debts.of(debtorAt('ada'))).toEqual(nothing)
  })

  it('owes nothing where all was paid', () => {
    const debts = new Debts()
    debts.leave([debtorNamed('ada')], nothing)
    expect(debts.of(debtorNamed('ada'))).toEqual(nothing)
  })

  it('owes the most that any of their sessions did, of frames and of bytes', () => {
    const debts = new Debts()
    debts.leave([debtorNamed('ada')], owed(60, 1))
    debts.leave([debtorNamed('ada')], owed(1, 60))
    expect(debts.of(debtorNamed('ada')).framesSeconds).toBeGreaterThan(30)
    expect(debts.of(debtorNamed('ada')).bytesSeconds).toBeGreaterThan(30)
  })

  it('has others of their network wait for a second at most', () => {
    const debts = new Debts()
    debts.leave([debtorAt('192.0.2.1')], owed(60, 60))
    const { framesSeconds, bytesSeconds } = debts.of(debtorAt('192.0.2.1'))
    for (const seconds of [framesSeconds, bytesSeconds]) {
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThanOrEqual(1)
    }
  })

  it('is forgotten first, of too many', () => {
    const debts = new Debts()
    for (let id = 0; id <= 10_000; id++) debts.leave([debtorNamed(`${id}`)], owed(60))
    expect(debts.of(debtorNamed('0'))).toEqual(nothing)
    for (const id of ['1', '10000']) expect(debts.of(debtorNamed(id)).framesSeconds).toBeGreaterThan(30)
  })
})
