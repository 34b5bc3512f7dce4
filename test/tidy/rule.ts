import { type Code, isCode, lineOf, parse, type Source } from './source.ts'

/** One rule of the house style, with the proof that it is checked. */
export interface Rule {
  /** What holds, as a sentence. */
  readonly claim: string
  /** Each violation as `path:line: what is wrong and what to do instead`. */
  readonly check: (sources: readonly Source[]) => string[]
  /** Files that break it, each of them by itself. */
  readonly broken: readonly Source[]
  /** Files that look like it, and keep it. */
  readonly kept: readonly Source[]
}

interface Violation {
  readonly at: number
  readonly message: string
}

/** Checks each file of code by itself. */
export const inCode =
  (check: (code: Code) => readonly Violation[]): Rule['check'] =>
  (sources) =>
    sources.filter(isCode).flatMap((source) => report(source, check(parsed(source))))

/** Checks the text of each file by itself. */
export const inText =
  (check: (source: Source) => readonly Violation[]): Rule['check'] =>
  (sources) =>
    sources.flatMap((source) => report(source, check(source)))

/** Each place where `pattern` matches. */
export const matches = ({ text }: Source, pattern: RegExp, message: string): Violation[] =>
  [...text.matchAll(new RegExp(pattern, 'g'))].map(({ index, 0: found }) => ({
    at: index,
    message: `${message}: ${found}`
  }))

const report = (source: Source, violations: readonly Violation[]): string[] =>
  violations.map(({ at, message }) => `${source.path}:${lineOf(source, at)}: ${message}`)

const cache = new WeakMap<Source, Code>()

/** Several rules look at one file. */
export const parsed = (source: Source): Code => {
  const known = cache.get(source) ?? parse(source)
  cache.set(source, known)
  return known
}
