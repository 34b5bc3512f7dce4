import { crowds } from './support/guard-crowds.ts'
import { seededRandom } from './support/seeded-random.ts'
import { plan } from './support/attack-kinds.ts'
import { writeScope } from '../schema/access.ts'
import { ClientOwners } from '../server/room/client-owners.ts'
import { guardUpdate } from '../server/room/write-guard.ts'
import * as Y from 'yjs'
for (const n of [1000, 4000, 20000]) { const t0=performance.now(); const all = crowds(seededRandom(1), n); console.log(n, 'made in', performance.now()-t0)
for (const { what, room, update } of all) {
  const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1000 }
  const by = { scope: writeScope(plan, 'owner', 'o'), definition: plan, userId: 'o', role: 'owner', owners: new ClientOwners() }
  const a = cpu(); const v: any = guardUpdate(room, update, by); const b = cpu()
  Y.applyUpdate(room, update); const c = cpu()
  console.log(n, what.padEnd(45), update.length, (b-a).toFixed(1), (c-b).toFixed(1), v.answer, v.code??'', v.detail??'')
}}
