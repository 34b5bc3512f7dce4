/** The figures of RESULTS.md as data: what the capacity model reads. */
import { readFileSync, writeFileSync } from 'node:fs'
import { describeMachine } from './machine.ts'
import { figuresOf, fold, type Outcome } from './report.ts'
import type { Figures } from './scenarios/scenario.ts'

/** What was measured, by the name of the scenario. */
export type Results = Readonly<Record<string, Result>>

export interface Result {
  readonly date: string
  readonly commit: string
  readonly processor: string
  /** How many runs each figure is the median of. */
  readonly runs: number
  /** By subject and column. */
  readonly figures: Readonly<Record<string, Figures>>
}

const file = new URL('./results.json', import.meta.url)

export const readResults = (): Results => JSON.parse(readFileSync(file, 'utf8')) as Results

/** Keeps these outcomes in place of earlier ones of the same scenarios. */
export const keepResults = (outcomes: readonly Outcome[], date: Date): Results => {
  const machine = new Map(describeMachine())
  const fresh = outcomes.map(({ scenario, rounds }): [string, Result] => [
    scenario.name,
    {
      date: date.toISOString().slice(0, 10),
      commit: machine.get('commit') ?? 'unknown',
      processor: machine.get('processor') ?? 'unknown',
      runs: rounds.length,
      figures: Object.fromEntries(
        scenario.subjects.map((subject) => [
          subject,
          Object.fromEntries(
            scenario.columns.map((column) => [
              column.key,
              rounded(fold(column, figuresOf(rounds, subject, column)))
            ])
          )
        ])
      )
    }
  ])
  const results = { ...readResults(), ...Object.fromEntries(fresh) }
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  return results
}

/** More digits would only look exact. */
const rounded = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(5))
