import type { ProvidedContext } from 'vitest'
import type { TestProject } from 'vitest/node'
import { findChromium } from './chromium.ts'
import { removeLeftOvers } from './left-overs.ts'
import { mustBeThere } from './must-be-there.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { postgresPackage } from './postgres-binaries.ts'
import { findRedis } from './redis-binary.ts'
import { missingSharedData } from './shared-data.ts'

/** What a test run found on this machine, or why it is not there. */
export interface Found {
  readonly url?: string
  readonly missing?: string
}

declare module 'vitest' {
  interface ProvidedContext {
    postgres: Found
    redis: Found
    chromium: Found
    'shared data': Found
    /** Servers that the log is spread over, where ROOMLOG_TEST_SHARDS asks for so many. */
    shards: Found & { readonly urls: readonly string[] }
  }
}

/**
 * Runs once before all test files: fetches and unpacks what is not here yet, and starts the Postgres that
 * `createDatabase` uses, or takes that of ROOMLOG_TEST_DATABASE_URL.
 */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  removeLeftOvers()
  const provide = (name: keyof ProvidedContext, found: Found): void => {
    if (found.missing) console.log(`tests that need ${name} ${fateWithout(name)}: ${found.missing}`)
    project.provide(name, found)
  }
  const [redis, chromium] = await Promise.all([look(findRedis), look(findChromium)])
  provide('redis', redis)
  provide('chromium', chromium)
  provide('shared data', { missing: missingSharedData() })
  const { postgres, ...found } = await postgresOfThisRun()
  provide('postgres', found)
  const shards = await startShards(Number(process.env.ROOMLOG_TEST_SHARDS ?? 0))
  project.provide('shards', { urls: shards.map(({ url }) => url) })
  return async () => {
    for (const server of [postgres, ...shards]) await server?.remove()
  }
}

const fateWithout = (name: keyof ProvidedContext): string =>
  mustBeThere(name) ? 'will fail' : 'are left out'

const look = async (find: () => unknown): Promise<Found> => {
  try {
    await find()
    return {}
  } catch (error) {
    return { missing: messageOf(error) }
  }
}

const postgresOfThisRun = async (): Promise<Found & { postgres?: Postgres }> => {
  const url = process.env.ROOMLOG_TEST_DATABASE_URL
  if (url) return { url }
  const { missing } = await look(postgresPackage)
  if (missing) return { missing }
  const postgres = await startPostgres()
  return { url: postgres.url, postgres }
}

const startShards = (count: number): Promise<Postgres[]> =>
  Promise.all(Array.from({ length: count }, () => startPostgres()))

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message} (${error.cause.message.trim()})` : error.message
}
