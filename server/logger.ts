import { type DestinationStream, destination, pino, stdSerializers, stdTimeFunctions } from 'pino'

export type Logger = pino.Logger

/** Whatever comes by these names is a secret or somebody's content. */
const hidden = [
  'token',
  'authorization',
  'cookie',
  'password',
  'secret',
  'payload',
  'update',
  'event',
  'params'
]

const stderr = 2

/**
 * The root of all logging: JSON lines on stderr (stdout is for the address line). A message is a fixed lower-case
 * phrase, what varies goes into fields: `logger.child({ room }).warn({ seq, err: error }, 'append refused')`.
 */
export const createLogger = (level: string, stream: DestinationStream = destination(stderr)): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.err },
      redact: hidden.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])
    },
    stream
  )
