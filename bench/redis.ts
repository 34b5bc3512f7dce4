/** The one Redis of a measurement, and what it can tell. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { startRedis } from '../test/support/redis.ts'

export interface BenchRedis extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  count(): Promise<RedisCount>
}

/** Since it started. */
export interface RedisCount {
  readonly commands: number
  /** In both directions. */
  readonly bytes: number
}

export const startBenchRedis = async (): Promise<BenchRedis> => {
  const redis = await startRedis()
  const info = await askInfo(redis.port)
  return {
    url: redis.url,
    pid: numberIn(info, 'process_id'),
    count: async () => {
      const text = await askInfo(redis.port)
      return {
        commands: numberIn(text, 'total_commands_processed'),
        bytes: numberIn(text, 'total_net_input_bytes') + numberIn(text, 'total_net_output_bytes')
      }
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose]()
  }
}

/** Redis takes a command as a line of text, and closes after QUIT. */
const askInfo = async (port: number): Promise<string> => {
  const socket = connect({ port, host: '127.0.0.1' }).setEncoding('utf8')
  let text = ''
  socket.on('data', (part) => {
    text += part
  })
  socket.write('INFO\r\nQUIT\r\n')
  await once(socket, 'close')
  return text
}

const numberIn = (info: string, name: string): number => {
  const value = new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]
  if (value === undefined) throw new Error(`Redis does not say ${name}`)
  return Number(value)
}
