import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { inject } from 'vitest'
import { spread } from './shards.ts'

/** An empty database of its own on the Postgres of this test run. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  /** Deletes it, and cuts the connections that are still open. */
  drop(): Promise<void>
}

/**
 * Makes an empty database that nobody else uses. With ROOMLOG_TEST_SHARDS it has the tables of Roomlog already, and its log
 * is spread over as many servers.
 *
 * @param serverUrl another Postgres than the one of this test run, as superuser
 * @throws Error when there is no Postgres for this test run
 */
export const createDatabase = async (serverUrl?: string): Promise<TestDatabase> => {
  if (serverUrl !== undefined) return createEmpty(serverUrl)
  const database = await createEmpty(urlOfThisRun())
  const servers = inject('shards').urls
  if (servers.length === 0) return database
  const shards = await spread(database.url, servers)
  const drop = async (): Promise<void> => {
    await database.drop()
    await shards.drop()
  }
  return { url: database.url, drop, [Symbol.asyncDispose]: drop }
}

const createEmpty = async (serverUrl: string): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await onServer(serverUrl, `create database ${name}`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  const drop = () => onServer(serverUrl, `drop database if exists ${name} with (force)`)
  return { url: url.href, drop, [Symbol.asyncDispose]: drop }
}

const urlOfThisRun = (): string => {
  const { url, missing } = inject('postgres')
  if (url === undefined) throw new Error(missing)
  return url
}

const onServer = async (serverUrl: string, statement: string): Promise<void> => {
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
