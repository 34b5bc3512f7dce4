import * as Y from 'yjs'
import { GuardedRoom, longText } from '../bench/load/guarded-room.ts'
import { hostileMessages } from '../bench/load/hostile-messages.ts'
const items = 100000
for (const { what, before, update } of hostileMessages(items)) {
  const r = new GuardedRoom(); Y.applyUpdate(r.document, longText(items)); let pre = ''
  if (before) { const v: any = r.judge(before); pre = v.answer + (v.code ?? ''); Y.applyUpdate(r.document, before) }
  const cpu = () => { const u = process.cpuUsage(); return (u.user + u.system) / 1000 }
  const a = cpu(), a2 = performance.now()
  const v: any = r.judge(update)
  const b = cpu(), b2 = performance.now()
  if (v.answer === 'apply') Y.applyUpdate(r.document, v.update)
  const c = cpu(), c2 = performance.now()
  console.log(what.padEnd(60), String(update.length).padStart(7), 'cpu', (b - a).toFixed(1).padStart(8), (c - b).toFixed(1).padStart(8), 'wall', (b2 - a2).toFixed(1).padStart(8), (c2 - b2).toFixed(1).padStart(8), pre, v.answer, v.code ?? '')
}
