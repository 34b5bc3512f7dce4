import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { Target } from '../load/client.ts'
import { isLoopback } from '../load/sources.ts'
import { type Command, commands, type Wish } from './commands.ts'

export interface Choice {
  readonly name: string
  readonly command: Command
  readonly wish: Wish
  readonly isJson: boolean
}

/** Nothing is sent: the words ask for something that cannot be, or that somebody has to agree to first. */
export class NotDone extends Error {}

const most = { clients: 50_000, rooms: 50_000, 'per-second': 1_000_000, seconds: 3_600 }

export const usage = `npx roomlog-bench <scenario> --url ws://host:port [options]

Makes the load of the benchmark on a server of yours and prints what it measured from outside.

${Object.entries(commands)
  .map(([name, { about }]) => `  ${name.padEnd(12)} ${about}`)
  .join('\n')}

  --url <url>          ws:// or wss://; without a path: /ws, with --protocol y-websocket /y/
  --token <token>      for all clients; without one they are anonymous guests
  --clients <n>        connections, at most ${most.clients}
  --rooms <n>          that they are spread over
  --per-second <n>     key presses (presence: states) of all together
  --seconds <s>        that are measured, at most ${most.seconds} (default 10)
  --protocol <name>    hocuspocus (default) or y-websocket, which acknowledges nothing
  --pid <n>            process of the server on this machine: its cores and memory are measured too
  --json               figures as JSON
  --yes                also on a server that is not on this machine
  --help

  npx roomlog-bench typing --url ws://127.0.0.1:8080
  npx roomlog-bench fan-out --url ws://127.0.0.1:8080 --clients 1000 --per-second 20 --seconds 30
  npx roomlog-bench connections --url wss://rooms.example.org --token "$TOKEN" --clients 5000 --yes --json

It writes into new rooms of its own, document/stress-<random>-…, which stay. The server's limits hold: a token may be refused,
connections above ROOMLOG_SESSIONS_PER_ADDRESS_MAX are. Every run ends by itself. Exit code 1: the server failed or
refused; 2: nothing was done.`

/** @throws NotDone with what is wrong; null: help is wanted */
export const readWish = (words: readonly string[]): Choice | null => {
  const { values, positionals } = parse(words)
  if (values.help || words.length === 0) return null
  const [name = '', ...more] = positionals
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined || more.length > 0) {
    throw new NotDone(`${positionals.join(' ')}: one of ${Object.keys(commands).join(', ')}`)
  }
  const { defaults } = command
  const rooms = whole('rooms', values.rooms, defaults.rooms)
  const clients = whole('clients', values.clients, defaults.clients)
  if (rooms > clients) throw new NotDone(`--rooms ${rooms}: more than the ${clients} clients`)
  const wish: Wish = {
    target: readTarget(values.url, values.protocol),
    token: values.token ?? null,
    clients,
    rooms,
    perSecond: whole('per-second', values['per-second'], defaults.perSecond),
    seconds: whole('seconds', values.seconds, 10),
    prefix: `document/stress-${randomBytes(4).toString('hex')}`,
    watched: { server: values.pid === undefined ? null : Number(values.pid), postgres: null }
  }
  if (!isLoopback(wish.target.host) && !values.yes) {
    throw new NotDone(
      `${wish.target.host} is not this machine. For ${wish.seconds} s it would get: ${command.load(wish)}, in rooms ` +
        `${wish.prefix}-…, which stay. Whoever runs it may take that for an attack: add --yes if it is yours.`
    )
  }
  return { name, command, wish, isJson: values.json }
}

const parse = (words: readonly string[]) => {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        url: { type: 'string' },
        token: { type: 'string' },
        clients: { type: 'string' },
        rooms: { type: 'string' },
        'per-second': { type: 'string' },
        seconds: { type: 'string' },
        protocol: { type: 'string', default: 'hocuspocus' },
        pid: { type: 'string' },
        json: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false }
      }
    })
  } catch (error) {
    throw new NotDone(error instanceof Error ? error.message : String(error))
  }
}

const whole = (name: keyof typeof most, text: string | undefined, standard: number): number => {
  if (text === undefined) return standard
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most[name]) return value
  throw new NotDone(`--${name} ${text}: a whole number from 1 to ${most[name]}`)
}

const readTarget = (text: string | undefined, protocol: string): Target => {
  if (protocol !== 'hocuspocus' && protocol !== 'y-websocket') {
    throw new NotDone(`--protocol ${protocol}: hocuspocus or y-websocket`)
  }
  const url = URL.parse(text ?? '')
  if (url === null || !/^wss?:$/.test(url.protocol)) {
    throw new NotDone(`--url ${text ?? ''}: needed, as in ws://127.0.0.1:8080`)
  }
  const isSecure = url.protocol === 'wss:'
  const standardPath = protocol === 'hocuspocus' ? '/ws' : '/y/'
  return {
    protocol,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    isSecure,
    path: url.pathname === '/' ? standardPath : url.pathname
  }
}
