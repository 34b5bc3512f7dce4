import { renderToString } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { createClient } from '../client/index.ts'
import { ClientProvider, createRoomContext, shallow, usePresenceStatus } from '../client/react/index.ts'
import { form } from '../schema/kinds/form.ts'

const { RoomProvider, useStorage } = createRoomContext(form)

const Who = () => <p>{usePresenceStatus(['form/1']).status}</p>

const Title = () => <h1>{useStorage((root) => root.title)}</h1>

describe('without what they need', () => {
  test('a hook outside its provider says which provider to put around it', () => {
    expect(() => renderToString(<Title />)).toThrow(/No form room.*<RoomProvider id=/)
  })

  test('a room outside a client says how to give it one', () => {
    const room = (
      <RoomProvider id="1" initialPresence={{ focus: null, caret: null }}>
        <Title />
      </RoomProvider>
    )
    expect(() => renderToString(room)).toThrow(/<ClientProvider client=/)
  })
})

test('rendering enters no room: on a server there is the fallback, and nothing to clean up', () => {
  const client = createClient({ url: 'ws://127.0.0.1:9/ws' })
  const html = renderToString(
    <ClientProvider client={client}>
      <RoomProvider id="1" initialPresence={{ focus: null, caret: null }} fallback={<p>loading</p>}>
        <Title />
      </RoomProvider>
    </ClientProvider>
  )
  expect(html).toBe('<p>loading</p>')
  expect(client.status.get()).toBe('initial')
  client.close()
})

test('rendering asks for nobody: on a server it is not known yet who is in a room', () => {
  const client = createClient({ url: 'ws://127.0.0.1:9/ws' })
  const html = renderToString(
    <ClientProvider client={client}>
      <Who />
    </ClientProvider>
  )
  expect(html).toBe('<p>loading</p>')
  client.close()
})

describe('shallow', () => {
  test('compares arrays and objects by their items, one level deep', () => {
    const item = {}
    expect(shallow([1, item], [1, item])).toBe(true)
    expect(shallow({ a: item }, { a: item })).toBe(true)
    expect(shallow([{}], [{}])).toBe(false)
    expect(shallow([1], [1, 2])).toBe(false)
    expect(shallow({ a: undefined }, { b: undefined })).toBe(false)
    expect(shallow([], {})).toBe(false)
    expect(shallow(null, {})).toBe(false)
  })
})
