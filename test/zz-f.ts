import * as Y from 'yjs'
import { GuardedRoom } from '../bench/load/guarded-room.ts'
import { rawUpdate } from './support/raw-update.ts'
const r = new GuardedRoom(); r.document.getText('notes')
const push = (what: string, u: Uint8Array) => { const v: any = r.judge(u); const t = process.cpuUsage(); if (v.answer === 'apply') Y.applyUpdate(r.document, v.update); const e = process.cpuUsage(t); console.log(what, u.length, v.answer, v.code ?? '', v.detail ?? '', ((e.user + e.system) / 1000).toFixed(1)) }
const d = new Y.Doc(); d.clientID = 3; d.getText('notes').insert(0, 'ab'); d.getText('notes').format(0, 1, { bold: true })
push('start', Y.encodeStateAsUpdate(d))
const n = 7000
for (let round = 0; round < 6; round++) {
  const client = 10 + round
  const structs = Array.from({ length: n }, (_, c) => ({ text: 'x', ...(c === 0 ? { origin: { client: 3, clock: 0 } , right: round === 0 ? undefined : { client: client - 1, clock: n - 1 } } : { origin: { client: 3, clock: 0 }, right: { client, clock: c - 1 } }) }))
  // find real right of clock 0
  const first: any = Y.getItem(r.document.store, Y.createID(3, 0)); 
  const right = first.right
  structs[0] = { text: 'x', origin: { client: 3, clock: 0 }, ...(right ? { right: right.id } : {}) } as any
  push('type ' + round, rawUpdate([{ client, clock: 0, structs }] as any))
  push('delete ' + round, rawUpdate([], [{ client, ranges: [[0, n]] }]))
}
// scattered: delete one by one in separate ranges
