import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { ifThere } from './if-there.ts'

const outputCharactersMax = 64 * 1024

export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface Child {
  readonly pid: number
  /** The last 64 KiB of what it wrote. */
  stdout(): string
  stderr(): string
  /** Undefined while it runs. */
  ending(): Ending | undefined
  /** Resolves when it has ended and all its output was read. */
  readonly ended: Promise<Ending>
  signal(name: NodeJS.Signals): void
}

interface SpawnOptions {
  env?: NodeJS.ProcessEnv
  cwd?: string
  uid?: number | undefined
  gid?: number | undefined
  /** What it gets if this process dies without ending it. */
  onOurDeath?: 'SIGINT' | 'SIGTERM' | 'SIGKILL'
}

/**
 * Starts a program that does not outlive this process, not even when this process is killed (Linux; elsewhere only
 * when it exits by itself).
 */
export const spawnChild = (
  command: string,
  args: readonly string[],
  { onOurDeath = 'SIGKILL', ...options }: SpawnOptions = {}
): Child => {
  const tie = hasSetpriv() ? ['setpriv', '--pdeathsig', onOurDeath.slice('SIG'.length)] : []
  const [first = command, ...rest] = [...tie, command, ...args]
  const program = spawn(first, rest, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const endAtExit = () => program.kill(onOurDeath)
  endings.add(endAtExit)
  let ending: Ending | undefined
  const ended = endOf(program).then((end) => {
    endings.delete(endAtExit)
    ending = end
    return end
  })
  return {
    pid: program.pid ?? Number.NaN,
    stdout: tailOf(program.stdout),
    stderr: tailOf(program.stderr),
    ending: () => ending,
    ended,
    signal: (name) => {
      program.kill(name)
    }
  }
}

const endings = new Set<() => void>()
process.on('exit', () => {
  for (const end of endings) end()
})

/** The processes that `pid` has started and that still run; Linux only. */
export const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid)

/** Sends a signal to a process that may have ended meanwhile. */
export const signalIfAlive = (pid: number, name: NodeJS.Signals): void => {
  ifThere(() => process.kill(pid, name))
}

const endOf = (child: ChildProcess): Promise<Ending> =>
  new Promise((resolve) => {
    // The program could not be started; 'close' does not always follow.
    child.once('error', () => resolve({ code: null, signal: null }))
    child.once('close', (code, signal) => resolve({ code, signal }))
  })

const tailOf = (stream: NodeJS.ReadableStream | null): (() => string) => {
  let tail = ''
  stream?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-outputCharactersMax)
  })
  return () => tail
}

let setprivWorks: boolean | undefined
const hasSetpriv = (): boolean => {
  setprivWorks ??= spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0
  return setprivWorks
}

const parentOf = (pid: number): number | undefined => {
  const stat = ifThere(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
  // The name of the program stands in brackets before and may itself hold spaces and brackets.
  return stat === undefined ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
