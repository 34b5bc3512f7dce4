/** A page that shows one room with the hooks of the SDK, and puts what it works with where a test can reach it. */
import { StrictMode, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { createClient, type Room } from '../../client/index.ts'
import { ClientProvider, createRoomContext, shallow } from '../../client/react/index.ts'
import { form } from '../../schema/kinds/form.ts'

const { RoomProvider, useHistory, useMutation, useOthers, useRoom, useStorage, useSyncStatus, useText } =
  createRoomContext(form)

const search = new URLSearchParams(location.search)
const client = createClient({
  url: `${search.get('server')}/ws`,
  auth: async () => ({ token: search.get('token') ?? '' })
})

export type FormRoom = ReturnType<typeof useRoom>

declare global {
  interface Window {
    room?: Room<FormRoom['definition']['storage']>
    client: typeof client
    renders: Record<string, number>
  }
}

window.client = client
window.renders = {}

const count = (name: string): void => {
  window.renders[name] = (window.renders[name] ?? 0) + 1
}

const Intro = () => {
  const { ref, value, carets } = useText((root) => root.intro)
  return (
    <>
      <textarea aria-label="intro" ref={ref} />
      <output aria-label="length">{value.length}</output>
      <output aria-label="carets">{carets.map(({ start, end }) => `${start}-${end}`).join(' ')}</output>
    </>
  )
}

const Title = () => {
  const { ref } = useText((root) => root.title)
  return <input aria-label="title" ref={ref} />
}

const Labels = () => {
  count('labels')
  const labels = useStorage((root) => root.fields.map(({ label }) => label), shallow)
  const add = useMutation(({ storage }, label: string) => storage.fields.insert({ type: 'date', label }))
  return (
    <>
      <output aria-label="labels">{labels.join(' ')}</output>
      <button type="button" onClick={() => add('new')}>
        add
      </button>
    </>
  )
}

const Status = () => {
  const status = useSyncStatus()
  const { keptText, ...rest } = 'keptText' in status ? status : { ...status, keptText: '' }
  const pending = 'pending' in rest ? ` ${rest.pending}` : ''
  const stored = 'storedLocally' in rest && rest.storedLocally ? ' stored' : ''
  return <output aria-label="status">{`${status.state}${pending}${stored} ${keptText}`.trim()}</output>
}

const People = () => {
  const names = useOthers(
    (others) => others.map(({ info, stale }) => `${info.name}${stale ? '?' : ''}`),
    shallow
  )
  const { canUndo, undo } = useHistory()
  return (
    <>
      <output aria-label="others">{names.join(' ')}</output>
      <button type="button" disabled={!canUndo} onClick={undo}>
        undo
      </button>
    </>
  )
}

const Shown = () => {
  window.room = useRoom()
  return (
    <>
      <Title />
      <Intro />
      <Labels />
      <Status />
      <People />
    </>
  )
}

const App = () => {
  const [isIn, setIn] = useState(true)
  return (
    <ClientProvider client={client}>
      <button type="button" onClick={() => setIn(!isIn)}>
        {isIn ? 'leave' : 'enter'}
      </button>
      {isIn && (
        <RoomProvider
          id={search.get('room') ?? ''}
          initialPresence={{ focus: null, caret: null }}
          fallback={<p>loading</p>}
        >
          <Shown />
        </RoomProvider>
      )}
    </ClientProvider>
  )
}

const root = document.getElementById('root')
if (root === null) throw new Error('the page has no root')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>
)
