/** What the doctor found out about one thing, in words for whoever runs the server. */
export interface Finding {
  /** As in `Postgres`, `clock of Redis`. */
  readonly about: string
  /** `warning`: it works, and something should be known or done. `problem`: the server will not do its work. */
  readonly state: 'ok' | 'warning' | 'problem'
  readonly detail: string
  /** What to do; null where there is nothing. */
  readonly advice: string | null
}

export const ok = (about: string, detail: string): Finding => ({ about, state: 'ok', detail, advice: null })

export const warning = (about: string, detail: string, advice: string): Finding => ({
  about,
  state: 'warning',
  detail,
  advice
})

export const problem = (about: string, detail: string, advice: string): Finding => ({
  about,
  state: 'problem',
  detail,
  advice
})

const clockSkewMsMax = 1_000

/** How far a clock is from ours; how long the question took cannot be told from it, and is granted. */
export const judgeClock = (about: string, theirs: number, asked: { from: number; to: number }): Finding => {
  const ms = Math.round(Math.max(asked.from - theirs, theirs - asked.to, 0))
  const what = `clock of ${about}`
  return ms <= clockSkewMsMax
    ? ok(what, `${ms} ms from ours`)
    : warning(
        what,
        `${ms} ms from ours`,
        'Keep both in step (NTP): times of entries and of tokens will not fit'
      )
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
