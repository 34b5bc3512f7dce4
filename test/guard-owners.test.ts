import { describe, expect, it } from 'vitest'
import { defineRoom } from '../schema/define-room.ts'
import { document } from '../schema/kinds/document.ts'
import { s } from '../schema/storage-words.ts'
import { announcedMax, ClientOwners } from '../server/room/client-owners.ts'
import { applied, refused, startGuarded } from './support/guarded.ts'
import { rawUpdate } from './support/raw-update.ts'

const notes = defineRoom({
  kind: 'notes',
  roles: ['owner', 'guest'],
  access: { owner: { write: '*' }, guest: { write: ['notes'] } },
  storage: { notes: s.text(), other: s.text() },
  presence: document.presence
})

const written = (client: number, clock = 0) => ({ client, clock, structs: [{ text: 'x', parent: 'notes' }] })
const guest = (userId: string) => ({ userId, role: 'guest' })

describe('G6: a client id', () => {
  it('is theirs who wrote with it first', () => {
    const room = startGuarded(notes)
    expect(room.send(rawUpdate([written(7)]), guest('ada'))).toMatchObject({ claims: [7], isRelayed: false })
    expect(room.send(rawUpdate([written(7, 1)]), guest('ada'))).toMatchObject({
      claims: [],
      isRelayed: false
    })
    expect(room.judge(rawUpdate([written(7, 2)]), guest('ben'))).toEqual(refused('client-id-taken'))
  })

  it('is theirs who announced it, before they write', () => {
    const room = startGuarded(notes)
    expect(room.owners.announce(7, 'ada')).toBe('new')
    expect(room.judge(rawUpdate([written(7)]), guest('ben'))).toEqual(refused('client-id-taken'))
    expect(room.judge(rawUpdate([{ client: 7, clock: 0, structs: [{ gc: 9 }] }]), guest('ben'))).toEqual(
      refused('client-id-taken')
    )
    expect(room.judge(rawUpdate([written(7)]), guest('ada'))).toEqual(applied)
  })

  it('may come with a full writer, and stays its author’s', () => {
    const room = startGuarded(notes)
    room.owners.announce(7, 'ada')
    expect(room.send(rawUpdate([written(7)]), { userId: 'ben' })).toMatchObject({
      claims: [],
      isRelayed: true
    })
    expect(room.judge(rawUpdate([written(7, 1)]), guest('ada'))).toEqual(applied)
  })

  it('that nobody knows is not a full writer’s who has announced another', () => {
    const room = startGuarded(notes)
    const update = rawUpdate([written(7), written(8)])
    expect(room.send(update, { announced: 8 })).toMatchObject({ claims: [8], isRelayed: true })
    expect(room.judge(rawUpdate([written(7, 1)]), guest('ben'))).toMatchObject({ claims: [7] })
  })

  it('that nobody knows is theirs who writes with it where they have announced none, or may not write all', () => {
    expect(startGuarded(notes).judge(rawUpdate([written(7)]))).toMatchObject({
      claims: [7],
      isRelayed: false
    })
    expect(
      startGuarded(notes).judge(rawUpdate([written(7)]), { ...guest('ada'), announced: 8 })
    ).toMatchObject({
      claims: [7],
      isRelayed: false
    })
  })

  it('of somebody else may be repeated by anybody', () => {
    const room = startGuarded(notes)
    room.send(rawUpdate([written(7)]), guest('ada'))
    expect(room.judge(rawUpdate([written(7)]), guest('ben'))).toEqual({ answer: 'known' })
  })
})

describe('the owners of client ids', () => {
  it('are read from the log when they are first asked for, and the first one counts', () => {
    let reads = 0
    const owners = new ClientOwners(() => {
      reads++
      return [[1, 'ada'] as const, [1, 'ben'] as const, [2, 'ben'] as const]
    })
    expect(reads).toBe(0)
    expect([owners.ownerOf(1), owners.ownerOf(2), owners.ownerOf(3)]).toEqual(['ada', 'ben', undefined])
    expect(owners.announce(2, 'ada')).toBe('taken')
    expect(owners.announce(2, 'ben')).toBe('known')
    expect(owners.claim(1, 'ben')).toBe(false)
    expect(reads).toBe(1)
  })

  it('forget the oldest id that was announced and never written with, above their bound', () => {
    const owners = new ClientOwners()
    owners.announce(-1, 'ada')
    owners.announce(-2, 'ada')
    owners.claim(-1, 'ada')
    for (let id = 0; id < announcedMax; id++) owners.announce(id, 'eve')
    expect([owners.ownerOf(-1), owners.ownerOf(-2), owners.ownerOf(0)]).toEqual(['ada', undefined, 'eve'])
  })
})
