#!/usr/bin/env node
/** The process: what is asked of it on the command line, settings in, an exit code out. */
import { readFile } from 'node:fs/promises'
import { enableCompileCache, flushCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { ConfigError, readConfig } from './config.ts'
import { createLogger } from './logger.ts'

const usage = `Usage: roomlog [start]          starts a server; settings come from the environment
       roomlog doctor [--json]  looks at settings, database, Redis and machine; 1 where one of them will not do
       roomlog --help
`

/** Compiled modules, which take two thirds of a start; where it cannot be written they are compiled again each time. */
const compiled = fileURLToPath(new URL('../node_modules/.cache/roomlog/compiled', import.meta.url))

const read = () => {
  try {
    return readConfig()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return process.exit(1)
  }
}

/** One line with the address out, a clean end on SIGTERM and Ctrl-C. */
const serve = async (): Promise<void> => {
  const config = read()
  const logger = createLogger(config.logLevel)
  // A bug anywhere ends the process: the log holds everything that was acknowledged, and a restart begins with that.
  process.on('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'unexpected fault')
    process.exit(70)
  })
  enableCompileCache(compiled)
  const { start } = await import('./start.ts')
  const node = await start({ config, logger, process }).catch((error: unknown) => {
    logger.fatal({ err: error }, 'could not start')
    return process.exit(1)
  })
  process.stdout.write(`Roomlog listens on ${node.url}\n`)
  flushCompileCache()

  let isStopping = false
  const stop = async (signal: string): Promise<void> => {
    if (isStopping) process.exit(1)
    isStopping = true
    logger.info({ signal }, 'stopping')
    const lost = await node.stop()
    if (lost > 0) logger.fatal({ entries: lost }, 'stopped with entries that were not written')
    process.exit(lost > 0 ? 1 : 0)
  }
  process.on('SIGTERM', (signal) => void stop(signal))
  process.on('SIGINT', (signal) => void stop(signal))
}

const doctor = async (isJson: boolean): Promise<void> => {
  const { describeFindings, examine, isWell } = await import('./doctor/doctor.ts')
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  const findings = await examine({ environment: process.env, nodeVersion: process.version, version })
  const isFine = isWell(findings)
  const text = isJson ? JSON.stringify({ ok: isFine, findings }, null, 2) : describeFindings(findings)
  process.stdout.write(`${text}\n`)
  process.exitCode = isFine ? 0 : 1
}

const [command = 'start', ...options] = process.argv.slice(2)
const isKnown = options.every((option) => command === 'doctor' && option === '--json')
if (command === 'start' && isKnown) await serve()
else if (command === 'doctor' && isKnown) await doctor(options.length > 0)
else if (command === '--help' || command === '-h') process.stdout.write(usage)
else {
  process.stderr.write(usage)
  process.exitCode = 1
}
