import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ifThere } from './if-there.ts'

const oldAfterMs = 24 * 60 * 60 * 1000

/**
 * Deletes the temporary folders of test runs that were killed: those a day old that no running program has as an
 * argument.
 */
export const removeLeftOvers = (): void => {
  const inUse = commandLines()
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name)
    if (!/^roomlog-[a-z]+-\w{6}$/.test(name) || inUse.includes(folder)) continue
    const changed = ifThere(() => statSync(folder).mtimeMs)
    if (changed === undefined || changed > Date.now() - oldAfterMs) continue
    // It may belong to somebody else on this machine.
    if (process.getuid?.() === 0 || ifThere(() => statSync(folder).uid) === process.getuid?.()) {
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

/** Of all processes, as one text; empty where the system does not tell. */
const commandLines = (): string =>
  (ifThere(() => readdirSync('/proc')) ?? [])
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ifThere(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')) ?? '')
    .join('\n')
