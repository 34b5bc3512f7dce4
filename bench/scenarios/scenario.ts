import type { Settings } from '../config.ts'
import type { BenchDatabase } from '../database.ts'
import type { Usage } from '../load/usage.ts'

/** What a measurement found, by the keys of its scenario's columns; null where it does not apply. */
export type Figures = Readonly<Record<string, number | null>>

/** One round of a scenario: the figures of each subject, all measured one after the other. */
export type Round = ReadonlyMap<string, Figures>

export interface Column {
  readonly key: string
  readonly title: string
  readonly digits: number
  /** How several runs become one figure: the middle one, or all together. */
  readonly fold: 'median' | 'sum'
}

/** Two figures of one round, or one figure against a fixed number. */
export interface Ratio {
  readonly title: string
  readonly digits: number
  readonly fold: 'median' | 'sum'
  readonly of: (round: Round) => number | null
  readonly goal: { readonly most: number } | { readonly least: number } | null
}

export interface Bench {
  readonly settings: Settings
  readonly database: BenchDatabase
  readonly random: () => number
}

export interface Scenario {
  readonly name: string
  readonly title: string
  /** What exactly is done, for the report. */
  readonly about: (settings: Settings) => string
  /** Names of peers, or of a floor that only this scenario knows. */
  readonly subjects: readonly string[]
  readonly measure: (subject: string, bench: Bench) => Promise<Figures>
  readonly columns: readonly Column[]
  readonly ratios: readonly Ratio[]
}

export const column = (
  key: string,
  title: string,
  digits: number,
  fold: Column['fold'] = 'median'
): Column => ({
  key,
  title,
  digits,
  fold
})

/** The figure of one subject over that of another, in the same round. */
export const over =
  (key: string, subject: string, other: string, otherKey = key): Ratio['of'] =>
  (round) => {
    const figure = round.get(subject)?.[key] ?? null
    const base = round.get(other)?.[otherKey] ?? null
    return figure === null || base === null || base === 0 ? null : figure / base
  }

export const figureOf =
  (key: string, subject: string): Ratio['of'] =>
  (round) =>
    round.get(subject)?.[key] ?? null

/** What every measurement says about the processes around it. */
export const loadFigures = (usage: Usage): Figures => ({
  generatorBusy: usage.generatorBusy,
  otherCores: usage.otherCores
})

export const loadColumns: readonly Column[] = [
  column('generatorBusy', 'generator busy', 2),
  column('otherCores', 'other cores', 2)
]

export const perUpdate = (seconds: number, updates: number): number | null =>
  updates === 0 ? null : (seconds * 1_000_000) / updates
