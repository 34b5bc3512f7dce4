/** What processes use, read from /proc. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

/** Linux counts processor time in hundredths of a second. */
const ticksPerSecond = 100

const statOf = (pid: number): string[] | null => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    // A process that has ended uses nothing any more.
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return null
    throw error
  }
}

const sumOf = (fields: string[], from: number, to: number): number =>
  fields.slice(from, to).reduce((sum, field) => sum + Number(field), 0) / ticksPerSecond

export const parentOf = (pid: number): number => Number(statOf(pid)?.[1] ?? 0)

/** Seconds of processor time of one process, all its threads. */
const processSeconds = (pid: number): number => sumOf(statOf(pid) ?? [], 11, 13)

/** Seconds of a process, of its living children, and of those that it has buried. */
const familySeconds = (pid: number): number => {
  let seconds = sumOf(statOf(pid) ?? [], 11, 15)
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : null
    if (fields !== null && Number(fields[1]) === pid) seconds += sumOf(fields, 11, 13)
  }
  return seconds
}

/** Seconds that all cores together were busy: user, nice, system, irq, softirq, steal. */
const machineSeconds = (): number => {
  const fields = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]?.split(/\s+/) ?? []
  return [1, 2, 3, 6, 7, 8].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0) / ticksPerSecond
}

/** The most memory that a process had in RAM at once, in MB. */
export const peakMemory = (pid: number): number => {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  if (kilobytes === undefined) throw new Error(`no peak memory for process ${pid}`)
  return Number(kilobytes) / 1024
}

/** How many files, and so connections, a process that this one starts may have open: Node takes the hard limit. */
export const openFilesMax = (): number =>
  Number(/Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1])

/** From now on `peakMemory` counts anew. */
export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

/** Bytes of a process that are in RAM now; null for no process. */
export const memoryOf = (pid: number | null): number | null => {
  if (pid === null) return null
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
  if (kilobytes === undefined) throw new Error(`no memory for process ${pid}`)
  return Number(kilobytes) * 1024
}

/** Whom to watch: the server and Postgres's first process; null: it is not on this machine, or there is none. */
export interface Watched {
  readonly server: number | null
  readonly postgres: number | null
  /** Further processes of the server: its other nodes. */
  readonly nodes?: readonly number[]
  readonly redis?: number
}

export interface Usage {
  readonly seconds: number
  readonly serverSeconds: number
  readonly postgresSeconds: number
  readonly redisSeconds: number
  /** 0 to 1: how busy this process's event loop was. */
  readonly generatorBusy: number
  /** How many cores were busy with anything that is not part of the measurement. */
  readonly otherCores: number
}

/** Starts to watch; call the result once, at the end. */
export const watchUsage = (watched: Watched): (() => Usage) => {
  const read = () => ({
    at: performance.now(),
    server: [watched.server, ...(watched.nodes ?? [])].reduce<number>(
      (sum, pid) => sum + (pid === null ? 0 : processSeconds(pid)),
      0
    ),
    redis: watched.redis === undefined ? 0 : processSeconds(watched.redis),
    postgres: watched.postgres === null ? 0 : familySeconds(watched.postgres),
    own: processSeconds(process.pid),
    machine: machineSeconds()
  })
  const before = read()
  const loop = performance.eventLoopUtilization()
  return () => {
    const generatorBusy = performance.eventLoopUtilization(loop).utilization
    const after = read()
    const seconds = (after.at - before.at) / 1000
    const serverSeconds = after.server - before.server
    const postgresSeconds = after.postgres - before.postgres
    const redisSeconds = after.redis - before.redis
    const own = after.own - before.own
    const other = after.machine - before.machine - serverSeconds - postgresSeconds - redisSeconds - own
    return {
      seconds,
      serverSeconds,
      postgresSeconds,
      redisSeconds,
      generatorBusy,
      otherCores: Math.max(0, other / seconds)
    }
  }
}
