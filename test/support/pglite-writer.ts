/**
 * A program: opens PGlite in the folder of its argument, says so, and writes rows until it is killed, each said when
 * it is committed. Whatever it says is written before it goes on.
 */
import { writeSync } from 'node:fs'
import { openDatabase } from '../../server/database/open-database.ts'
import { createLogger } from '../../server/logger.ts'

const say = (line: string): void => {
  writeSync(1, `${line}\n`)
}

const [, , dataDir = ''] = process.argv
try {
  const database = await openDatabase({
    url: null,
    dataDir,
    pid: process.pid,
    logger: createLogger('silent')
  })
  say('open')
  await database.exec('create table if not exists row (n int primary key, text text not null)')
  const lane = await database.lane()
  const [last] = await lane.query<{ n: number }>('select coalesce(max(n), 0) as n from row')
  for (let n = (last?.n ?? 0) + 1; ; n += 1) {
    await lane.query('insert into row values ($1, $2)', [n, String(n).repeat(20)])
    say(`committed ${n}`)
  }
} catch (error) {
  say(`failed: ${String(error)}`)
}
