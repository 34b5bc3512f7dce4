// patterns of neighbours: accepted ones must apply quickly
import * as Y from 'yjs'
import { GuardedRoom, longText } from '../bench/load/guarded-room.ts'
import { rawUpdate } from './support/raw-update.ts'
import { seededRandom } from './support/seeded-random.ts'
const items = Number(process.argv[4] ?? 20000), from = Number(process.argv[2] ?? 1), n = Number(process.argv[3] ?? 50), half = items / 2
const base = longText(items)
let worst = 0
for (let seed = from; seed < from + n; seed++) {
  const random = seededRandom(seed)
  const r = new GuardedRoom(); Y.applyUpdate(r.document, base)
  const steps = 1 + random.below(3)
  const clientsPool = [3, 4, 5, 1000, 900]
  const log: string[] = []
  let total = 0
  const known = new Map<number, number>()
  for (let step = 0; step < steps; step++) {
    const clients = random.chance(70) ? [random.pick(clientsPool)] : [...new Set([random.pick(clientsPool), random.pick(clientsPool)])]
    const count = random.pick([500, 2000, 5000])
    const fixed = { client: 1, clock: random.below(half) }, fixed2 = { client: 2, clock: random.below(half) }
    const ids = (kind: string, client: number, clock: number, other: number): any => {
      switch (kind) {
        case 'none': return undefined
        case 'fixed': return fixed
        case 'fixed2': return fixed2
        case 'neighbour': return { client: 2, clock: fixed.clock }
        case 'random': return { client: random.pick([1, 2]), clock: random.below(half) }
        case 'walk': return { client: 1, clock: (clock * 7) % half }
        case 'last': return clock > 0 ? { client, clock: clock - 1 } : fixed
        case 'first': return clock > 0 ? { client, clock: 0 } : fixed
        case 'ownrandom': return clock > 0 ? { client, clock: random.below(clock) } : fixed
        case 'back5': return clock > 5 ? { client, clock: clock - 5 } : fixed
        case 'half': return clock > 3 ? { client, clock: clock >> 1 } : fixed
        case 'other': { const k = known.get(other) ?? 0; return k > 0 ? { client: other, clock: clock % k } : fixed }
        case 'otherlast': { const k = known.get(other) ?? 0; return k > 0 ? { client: other, clock: k - 1 } : fixed }
      }
    }
    const kinds = ['none', 'fixed', 'fixed2', 'neighbour', 'random', 'walk', 'last', 'first', 'ownrandom', 'back5', 'half', 'other', 'otherlast']
    const plans = Array.from({ length: 1 + random.below(2) }, () => [random.pick(kinds), random.pick(kinds)])
    const text = random.pick(['x', 'x', 'xyz'])
    const other = random.pick(clientsPool)
    const sections = clients.map((client) => { const start = known.get(client) ?? 0
      let clock = start
      const structs = Array.from({ length: count }, (_, i) => { const [o, ri] = plans[i % plans.length]!
        const origin = ids(o!, client, clock, other); let right = ids(ri!, client, clock, other)
        if (origin && right && origin.client === right.client && origin.clock === right.clock) right = undefined
        clock += text.length
        return origin || right ? { text, ...(origin && { origin }), ...(right && { right }) } : { text, parent: 'notes' } })
      return { client, clock: start, structs } })
    const update = rawUpdate(sections)
    const v: any = r.judge(update)
    const scale = Math.max(1, update.length / 65536)
    const p = `${clients}x${count} ${text} ${JSON.stringify(plans)} ${update.length}b ${v.answer} ${v.code ?? ''}`
    if (v.answer !== 'apply') { log.push(p); continue }
    const t = process.cpuUsage(); Y.applyUpdate(r.document, v.update); const u = process.cpuUsage(t)
    const ms = (u.user + u.system) / 1000 / scale
    for (const s of sections) known.set(s.client, s.clock + s.structs.length * text.length)
    log.push(p + ` ${ms.toFixed(0)}ms`)
    worst = Math.max(worst, ms)
    if (ms > 150) { console.log('SLOW seed', seed, '\n   ' + log.join('\n   ')); break }
  }
}
console.log('worst', worst.toFixed(0))
