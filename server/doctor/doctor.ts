/**
 * Looks at everything that a server needs, without starting one: settings, Node, database or folder, Redis, clocks.
 * Nothing is changed.
 */
import { type Config, ConfigError, readConfig } from '../config.ts'
import { openDatabase } from '../database/open-database.ts'
import { createLogger, type Logger } from '../logger.ts'
import { examineFolder, examineNode } from './examine-machine.ts'
import { examinePostgres } from './examine-postgres.ts'
import { examineRedis } from './examine-redis.ts'
import { type Finding, messageOf, ok, problem, warning } from './finding.ts'

export interface DoctorParts {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly nodeVersion: string
  /** Of Roomlog. */
  readonly version: string
}

export const examine = async ({ environment, nodeVersion, version }: DoctorParts): Promise<Finding[]> => {
  const findings = [ok('Roomlog', version), examineNode(nodeVersion)]
  try {
    const config = readConfig(environment)
    findings.push(ok('settings', 'all of them can be used'), examineDoors(config))
    // What is found is told, and in better words than the log has for it.
    const logger = createLogger('silent')
    findings.push(...(await examineStorage(config, logger)))
    if (config.redis === null)
      findings.push(ok('Redis', 'none: one node, or several that find out from Postgres within seconds'))
    else findings.push(...(await examineRedis(config.redis, logger)))
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const advice = 'Mend it: what depends on the settings was not looked at'
    findings.push(...error.problems.map((what) => problem('settings', what, advice)))
  }
  return findings
}

const examineDoors = ({ authSecret, authJwksUrl }: Config): Finding =>
  authSecret === null && authJwksUrl === null
    ? warning('tokens', 'none are asked for', 'Set AUTH_SECRET or AUTH_JWKS_URL before others can reach it')
    : ok('tokens', authSecret === null ? 'checked with AUTH_JWKS_URL' : 'checked with AUTH_SECRET')

const answerMsMax = 5_000

const examineStorage = async (
  { databaseUrl: url, dataDir }: Config,
  logger: Logger
): Promise<readonly Finding[]> => {
  if (url === null) return examineFolder(dataDir)
  const database = await openDatabase({ url, dataDir, logger, poolMax: 1, timeoutMs: answerMsMax })
  try {
    return await examinePostgres(database)
  } catch (error) {
    return [problem('Postgres', messageOf(error), 'May this user read the catalog and its own schema?')]
  } finally {
    await database.close()
  }
}

const marks = { ok: 'ok', warning: 'warning', problem: 'problem' } as const

/** One line each; a second one says what to do. */
export const describeFindings = (findings: readonly Finding[]): string => {
  const width = Math.max(...findings.map(({ about }) => about.length))
  return findings
    .map(({ about, state, detail, advice }) => {
      const line = `${marks[state].padEnd(7)}  ${about.padEnd(width)}  ${detail}`
      return advice === null ? line : `${line}\n${' '.repeat(width + 11)}→ ${advice}`
    })
    .join('\n')
}

export const isWell = (findings: readonly Finding[]): boolean =>
  findings.every(({ state }) => state !== 'problem')
