/**
 * Loaded before a Roomlog server, it lets every update pass unread: what the write guard costs is what this one does not
 * pay. Only the benchmark has such a server.
 */
import { registerHooks } from 'node:module'

const guard = /\/server\/room\/write-guard\.ts$/
const open = `export const guardUpdate = (document, update) => ({ answer: 'apply', update, claims: [], isRelayed: false, exact: null })`

registerHooks({
  load: (url, context, next) =>
    guard.test(url) ? { format: 'module', source: open, shortCircuit: true } : next(url, context)
})
