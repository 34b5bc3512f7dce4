import { monitorEventLoopDelay } from 'node:perf_hooks'
import { every } from '../clock.ts'

export interface ProcessHealth {
  readonly nodeVersion: string
  readonly uptimeSeconds: number
  readonly memory: {
    readonly rssBytes: number
    readonly heapUsedBytes: number
    readonly externalBytes: number
  }
  /** How late the event loop was, over the last one to two minutes. */
  readonly eventLoopDelay: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
}

/** What is asked of the process; `process` is one. */
export interface ProcessSource {
  readonly version: string
  uptime(): number
  memoryUsage(): { readonly rss: number; readonly heapUsed: number; readonly external: number }
}

export interface ProcessWatch {
  read(): ProcessHealth
  close(): void
}

const resolutionMs = 20
const windowMs = 60_000

export const watchProcess = (source: ProcessSource): ProcessWatch => {
  const delays = [0, 1].map(() => monitorEventLoopDelay({ resolution: resolutionMs }))
  for (const delay of delays) delay.enable()
  // Two histograms that start over in turns: the older one always covers a whole window.
  let older = 0
  const stop = every(windowMs, () => {
    delays[older]?.reset()
    older = 1 - older
  })
  // A sample is the time between two ticks of the monitor: its own interval is no delay.
  const toMs = (nanoseconds = 0): number => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  return {
    read() {
      const delay = delays[older]
      const { rss, heapUsed, external } = source.memoryUsage()
      return {
        nodeVersion: source.version,
        uptimeSeconds: Math.floor(source.uptime()),
        memory: { rssBytes: rss, heapUsedBytes: heapUsed, externalBytes: external },
        eventLoopDelay: {
          p50Ms: toMs(delay?.percentile(50)),
          p99Ms: toMs(delay?.percentile(99)),
          maxMs: toMs(delay?.max)
        }
      }
    },
    close() {
      stop()
      for (const delay of delays) delay.disable()
    }
  }
}
