/** The tables of docs/capacity.md, from what was measured. `node bench/capacity-page.ts` writes them; a test compares. */
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { type Costs, costsOf, type Load, predict, scaleTo, sessionsPerNode } from './capacity.ts'
import { show, tableOf } from './report.ts'
import { type Results, readResults } from './results.ts'
import { loadOf } from './scenarios/load-of.ts'
import type { Figures } from './scenarios/scenario.ts'

const page = new URL('../docs/capacity.md', import.meta.url)
const markers = /(<!-- capacity -->\n)[\s\S]*?(\n<!-- \/capacity -->)/

/** What is not measured but chosen, for the arithmetic. */
const chosen = {
  sessions: 10_000_000,
  /** Of the one core that a process's event loop has: the rest is for bursts and for those of a node that failed. */
  coresPerNode: 0.6,
  /** Cores of one Postgres that are kept busy. */
  coresPerPostgres: 8,
  /** Of the one core of a Redis. */
  coresPerRedis: 0.5
}

/** Brings the tables of the page up to date. */
export const writeCapacity = (results: Results): void => {
  const text = readFileSync(page, 'utf8')
  writeFileSync(page, withTables(text, results))
}

export const withTables = (text: string, results: Results): string =>
  text.replace(markers, (_, start: string, end: string) => `${start}${renderCapacity(results)}${end}`)

export const renderCapacity = (results: Results): string => {
  const costs = costsOf(results)
  const live = results.sustained?.figures.roomlog
  if (costs === null) return 'Not everything that the model needs has been measured: `npm run bench`.'
  return [
    ...conditions(results),
    '',
    '### What each thing costs',
    '',
    ...costTable(costs),
    ...(live === undefined
      ? ['', 'No sustained run was measured: `npm run bench -- --scenario sustained`.']
      : [
          '',
          '### Predicted and measured',
          '',
          ...checkTable(live, costs),
          '',
          '### One node, and ten million sessions',
          '',
          ...scaleTable(loadOf(live), costs)
        ])
  ].join('\n')
}

const conditions = (results: Results): string[] => {
  const from = (name: string): string => {
    const result = results[name]
    return result === undefined
      ? 'not measured'
      : `${result.date}, commit ${result.commit}, ${result.processor}, ${result.runs} runs`
  }
  return tableOf([
    ['', ''],
    ['costs', from('throughput')],
    ['sustained run', from('sustained')]
  ])
}

const costTable = (costs: Costs): string[] =>
  tableOf([
    ['cost', 'value', '', 'row of RESULTS.md'],
    ...Object.entries(costs).map(([name, { value, what, from }]) => [
      name,
      show(value, value < 100 ? 2 : 0),
      what,
      from
    ])
  ])

const checkTable = (live: Figures, costs: Costs): string[] => {
  const says = predict(loadOf(live), costs)
  const row = (what: string, predicted: number, measured: number | null | undefined, digits: number) => [
    what,
    show(predicted, digits),
    show(measured ?? null, digits),
    show(measured ? predicted / measured : null, 2)
  ]
  return [
    ...tableOf([
      ['of the sustained run', 'predicted', 'measured', 'ratio'],
      row('server, cores', says.serverCores, live.cores, 3),
      row('Postgres, cores', says.postgresCores, live.postgresCores, 3),
      row('server, MB', says.bytes / 1024 ** 2, live.lastMegabytes, 0)
    ]),
    '',
    `The run: ${show(live.minutes ?? null, 0)} minutes, ${show(live.clients ?? null, 0)} clients, ${show(live.rooms ?? null, 0)} rooms in which ` +
      `somebody types, ${show(live.updatesPerSecond ?? null, 0)} key presses, ${show(live.deliveriesPerSecond ?? null, 0)} deliveries, ` +
      `${show(live.presencePerSecond ?? null, 0)} frames of presence and ${show(live.visitsPerSecond ?? null, 1)} visits a second; memory from ` +
      `${show(live.firstMegabytes ?? null, 0)} to ${show(live.lastMegabytes ?? null, 0)} MB, ${show(live.megabytesPerMinute ?? null, 2)} MB per minute in the second half.`
  ]
}

const scaleTable = (load: Load, costs: Costs): string[] => {
  const perNode = sessionsPerNode(load, costs, chosen.coresPerNode)
  const node = scaleTo(load, perNode)
  const nodes = Math.ceil(chosen.sessions / perNode)
  const one = predict(node, costs)
  const redisCores = (nodes * node.entriesPerSecond * costs.redisEntry.value) / 1_000_000
  const row = (what: string, each: number, digits = 0) => [
    what,
    show(each, digits),
    show(each * nodes, digits)
  ]
  return tableOf([
    [
      'with the mix of the sustained run',
      `one node, at ${chosen.coresPerNode} core`,
      `${nodes.toLocaleString('en')} nodes`
    ],
    row('sessions', perNode),
    row('rooms in which somebody types', node.awakeRooms),
    row('entries/s', node.entriesPerSecond),
    row('frames shown/s', node.framesPerSecond),
    row('server cores', one.serverCores, 2),
    row('memory, GB', one.bytes / 1024 ** 3, 2),
    row('out to clients, Mbit/s', (node.bytesOutPerSecond * 8) / 1_000_000, 1),
    row('commits/s', one.commitsPerSecond),
    row('WAL, MB/s', one.walBytesPerSecond / 1_000_000, 2),
    row('Postgres cores', one.postgresCores, 2),
    [
      `Postgres shards, ${chosen.coresPerPostgres} busy cores each`,
      '',
      show(Math.ceil((one.postgresCores * nodes) / chosen.coresPerPostgres), 0)
    ],
    row('Redis commands/s, every room open on two nodes', node.entriesPerSecond * costs.redisCommands.value),
    row('Redis, MB/s', (node.entriesPerSecond * costs.redisBytes.value) / 1_000_000, 2),
    [
      `Redis shards, ${chosen.coresPerRedis} core each`,
      '',
      show(Math.ceil(redisCores / chosen.coresPerRedis), 0)
    ]
  ])
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url)
  writeCapacity(readResults())
