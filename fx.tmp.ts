import * as Y from 'yjs'
const measure = (what: string, items: number, bolds: number, keys: number, mode: string) => {
  const doc = new Y.Doc(); doc.clientID = 1
  const text = doc.getText('t')
  let seed = 7
  const rnd = (n: number) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n }
  const chunk = Math.max(1, Math.floor(100000 / items))
  while (text.length < 100000) doc.transact(() => {
    for (let i = 0; i < 500 && text.length < 100000; i++) text.insert(mode === 'random' ? rnd(text.length + 1) : text.length, 'x'.repeat(chunk))
  })
  doc.transact(() => { for (let i = 0; i < bolds; i++) { const at = rnd(99000); text.format(at, 50, { ['k' + (i % keys)]: true }) } })
  const replica = new Y.Doc(); const rt = replica.getText('t')
  let t0 = performance.now()
  Y.applyUpdate(replica, Y.encodeStateAsUpdate(doc))
  const load = performance.now() - t0
  let n = 0, marks = 0; for (let i = rt._start; i; i = i.right) { n++; if (i.content instanceof Y.ContentFormat && !i.deleted) marks++ }
  let u: Uint8Array = new Uint8Array(); doc.on('update', x => { u = x })
  text.format(50000, 10, { zz: true })
  t0 = performance.now(); Y.applyUpdate(replica, u); const fmt = performance.now() - t0
  t0 = performance.now(); text.delete(0, text.length); const local = performance.now() - t0
  t0 = performance.now(); Y.applyUpdate(replica, u); const del = performance.now() - t0
  const untyped = new Y.Doc(); 
  console.log(what, { items: n, marks, load: load | 0, fmt: +fmt.toFixed(1), local: local | 0, del: +del.toFixed(1), bytes: u.length })
}
measure('forward typed, 100 bold', 100, 100, 3, 'end')
measure('random 5k', 5000, 100, 3, 'random')
measure('random 10k', 10000, 100, 3, 'random')
measure('random 10k, 2000 bold', 10000, 2000, 3, 'random')
measure('random 10k, 2000 bold, 2000 keys', 10000, 2000, 2000, 'random')
measure('random 20k, 100', 20000, 100, 3, 'random')
measure('random 50k, 100', 50000, 100, 3, 'random')
