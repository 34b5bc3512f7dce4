/** The process: settings in, one line with the address out, a clean end on SIGTERM and Ctrl-C. */
import { ConfigError, readConfig } from './config.ts'
import { createLogger } from './logger.ts'
import { start } from './start.ts'

const read = () => {
  try {
    return readConfig()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n`)
    return process.exit(1)
  }
}

const config = read()
const logger = createLogger(config.logLevel)

// A bug anywhere ends the process: the log holds everything that was acknowledged, and a restart begins with that.
process.on('uncaughtException', (error) => {
  logger.fatal({ err: error }, 'unexpected fault')
  process.exit(70)
})

const node = await start({ config, logger, process }).catch((error: unknown) => {
  logger.fatal({ err: error }, 'could not start')
  return process.exit(1)
})
process.stdout.write(`Roomlog listens on ${node.url}\n`)

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
