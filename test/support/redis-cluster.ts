import { Redis as Client } from 'ioredis'
import { freePort } from './ports.ts'
import { type Redis, startRedis } from './redis.ts'
import { waitUntil } from './wait-until.ts'

/** A Redis Cluster of three masters, each with a third of the slots. */
export interface RedisCluster extends AsyncDisposable {
  readonly nodes: readonly Redis[]
  /** As `REDIS_URL` takes it: all of them, or one that knows the others. */
  readonly url: string
  readonly urlOfOne: string
}

const slots = 16_384

export const startRedisCluster = async (): Promise<RedisCluster> => {
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000']
  // By itself it takes the port that is 10,000 higher, which may be one that the system gave to somebody who connects.
  const busPorts = [await freePort(), await freePort(), await freePort()]
  const nodes = await Promise.all(
    busPorts.map((port) => startRedis(...settings, '--cluster-port', String(port)))
  )
  const clients = nodes.map(({ port }) => new Client({ port, host: '127.0.0.1' }))
  try {
    for (const [index, client] of clients.entries()) {
      const [from, to] = [index, index + 1].map((third) => Math.floor((slots * third) / nodes.length))
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String((to ?? slots) - 1))
      await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]?.port), String(busPorts[0]))
    }
    for (const client of clients) {
      await waitUntil(
        async () => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(await client.cluster('INFO')),
        {
          about: 'the cluster to be complete'
        }
      )
    }
  } finally {
    for (const client of clients) client.disconnect()
  }
  return {
    nodes,
    url: `redis://${nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    urlOfOne: nodes[0]?.url ?? '',
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    }
  }
}
