/** Whether the Postgres that DATABASE_URL names can do what the log asks of it. */
import { monotonic, now } from '../clock.ts'
import type { Database } from '../database/database.ts'
import { readPending } from '../database/migrate.ts'
import { type Finding, judgeClock, messageOf, ok, problem, warning } from './finding.ts'

const versionMin = 14
const commits = 20
const commitMsMax = 20

export const examinePostgres = async (database: Database): Promise<readonly Finding[]> => {
  const about = 'Postgres'
  const [found, reached] = await reach(database)
  if (found === null) return [reached]
  const findings = [reached]
  if (found.major < versionMin)
    return [problem(about, `version ${found.version} < ${versionMin}`, 'Use a newer Postgres')]
  findings.push(await examineDurability(database))
  findings.push(await examineTables(database))
  findings.push(await examineCommits(database))
  findings.push(await examineClock(database))
  return findings
}

const reach = async (database: Database): Promise<[{ version: string; major: number } | null, Finding]> => {
  try {
    const [row] = await database.query<{ version: string; name: string }>(
      `select current_setting('server_version') as version, current_database() as name`
    )
    const version = row?.version ?? ''
    const found = { version, major: Number.parseInt(version, 10) }
    return [found, ok('Postgres', `version ${version}, database ${row?.name}`)]
  } catch (error) {
    const advice = 'Is it running, and are host, port, user, password and database in DATABASE_URL right?'
    return [null, problem('Postgres', `cannot be asked: ${messageOf(error)}`, advice)]
  }
}

const examineDurability = async (database: Database): Promise<Finding> => {
  const rows = await database.query<{ name: string; setting: string }>(
    `select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit')
     order by name`
  )
  const about = 'durability'
  const detail = rows.map(({ name, setting }) => `${name} ${setting}`).join(', ')
  return rows.some(({ setting }) => setting === 'off')
    ? warning(about, detail, 'Turn it on: as it is, a crash can lose what people were told is saved')
    : ok(about, detail)
}

/** The tables are there as this program needs them, and it may do with them what it does. */
const examineTables = async (database: Database): Promise<Finding> => {
  const about = 'tables'
  try {
    const { applied, missing } = await readPending(database)
    if (applied.length === 0) {
      const [may] = await database.query<{ create: boolean }>(
        `select coalesce(has_schema_privilege(current_schema(), 'create'), false) as create`
      )
      return may?.create
        ? ok(about, 'none yet: the first start makes them')
        : problem(about, 'none yet, and this user may not make them', 'GRANT CREATE ON SCHEMA to this user')
    }
    const lacking = await lackingPrivileges(database)
    if (lacking.length > 0)
      return problem(
        about,
        `this user may not ${lacking.join(', ')}`,
        'Make the user their owner, or GRANT it'
      )
    return missing.length === 0
      ? ok(about, `${applied.length} migrations, all applied`)
      : warning(about, `not applied yet: ${missing.join(', ')}`, 'The next start applies them; have a backup')
  } catch (error) {
    return problem(about, messageOf(error), 'Run the version of Roomlog that made them, or a newer one')
  }
}

const lackingPrivileges = async (database: Database): Promise<string[]> => {
  const rows = await database.query<{ lacking: string }>(`
    select p || ' ' || c.relname as lacking
    from pg_class c, unnest(array['select', 'insert', 'update', 'delete']) as p
    where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
      and c.relname in ('room', 'entry', 'snapshot', 'client', 'member', 'secret', 'audit', 'invite')
      and not has_table_privilege(c.oid, p)
    order by c.relname, p`)
  return rows.map(({ lacking }) => lacking)
}

/** A message in the log of changes is what a commit has to wait for, and leaves no row behind. */
const examineCommits = async (database: Database): Promise<Finding> => {
  const about = 'commits'
  const times: number[] = []
  try {
    for (let commit = 0; commit < commits; commit++) {
      const began = monotonic()
      await database.transaction((t) => t.query(`select pg_logical_emit_message(true, 'roomlog', 'doctor')`))
      times.push(monotonic() - began)
    }
  } catch (error) {
    return problem(about, messageOf(error), 'Nothing can be written: a standby, or a full disk?')
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(commits / 2)] ?? 0
  const detail = `${median.toFixed(1)} ms, the median of ${commits}`
  return median <= commitMsMax
    ? ok(about, detail)
    : warning(
        about,
        detail,
        'Everybody waits for this before "saved": is the disk slow, or Postgres far away?'
      )
}

const examineClock = async (database: Database): Promise<Finding> => {
  const from = now()
  const [row] = await database.query<{ at: Date }>('select clock_timestamp() as at')
  return judgeClock('Postgres', row?.at.getTime() ?? 0, { from, to: now() })
}
