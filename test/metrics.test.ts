import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { callServer } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { Typist } from './support/typist.ts'
import { waitUntil } from './support/wait-until.ts'

const dashboard = new URL('../deploy/grafana-dashboard.json', import.meta.url)
const parts = /_(bucket|sum|count)$/

describe.skipIf(missing('postgres'))('the measures of a node', () => {
  let world: SessionWorld
  beforeAll(async () => {
    world = await startSessionWorld({ AUTH_SECRET: '' })
  })
  afterAll(() => world[Symbol.asyncDispose]())
  const read = async (): Promise<string> => (await callServer(world.server.url, '/metrics')).text()
  const helpOf = async (): Promise<ReadonlyMap<string, string>> =>
    new Map(
      [...(await read()).matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [name, help])
    )
  const measure = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(await read())?.[1])

  test('say each what it is', async () => {
    const help = await helpOf()
    expect(help.size).toBeGreaterThan(30)
    for (const [name, text] of help) expect(text, name).not.toBe('')
  })

  test('are all that the dashboard shows, and it shows all of ours', async () => {
    const names = new Set(await helpOf().then((help) => help.keys()))
    const { panels } = JSON.parse(await readFile(dashboard, 'utf8'))
    const shown = new Set<string>()
    for (const { targets } of panels)
      for (const { expr } of targets)
        for (const [name] of String(expr).matchAll(/\b(roomlog|nodejs|process)_[a-z0-9_]+/g))
          shown.add(names.has(name) ? name : name.replace(parts, ''))
    expect([...shown].filter((name) => !names.has(name))).toEqual([])
    expect([...names].filter((name) => name.startsWith('roomlog_') && !shown.has(name))).toEqual([])
  })

  test('follow what people do', async () => {
    const room = newRoom()
    const writers = await Promise.all([
      Typist.open(world.server.wsUrl, room),
      Typist.open(world.server.wsUrl, room)
    ])
    for (const writer of writers) writer.type('hello')
    await waitUntil(() => writers.every(({ isAllAcknowledged }) => isAllAcknowledged), {
      about: 'all to be saved'
    })
    expect(await measure('roomlog_sessions')).toBe(2)
    expect(await measure('roomlog_entries_total')).toBeGreaterThanOrEqual(2)
    for (const measured of ['commit', 'acknowledge', 'broadcast', 'load'])
      expect(await measure(`roomlog_${measured}_seconds_count`), measured).toBeGreaterThan(0)
    expect(await measure('roomlog_database_up')).toBe(1)
    expect(await measure('roomlog_nodes')).toBe(1)
    for (const calm of ['overloaded', 'draining', 'paused_sessions', 'waiting_bytes'])
      expect(await measure(`roomlog_${calm}`), calm).toBe(0)
    for (const writer of writers) writer.leave()
  })
})
