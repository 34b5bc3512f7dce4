import { useEffect, useState } from 'react'
import { form } from '../../../schema/kinds/form.ts'
import { response } from '../../../schema/kinds/response.ts'
import { parseRoomName } from '../../../schema/room-name.ts'
import { useVisitor } from '../entrance.tsx'
import { NotFound } from '../ui/screen.tsx'
import { useWatchedRoom } from '../watched-room.ts'
import { Begin } from './begin.tsx'
import { Closed } from './closed.tsx'
import { keepResponse, keptResponse } from './kept-response.ts'
import { OwnResponse } from './own-response.tsx'
import { Reading } from './reading.tsx'
import { initialPresence, ResponseProvider } from './response-room.ts'

/** A form that one person answers alone. An address that can be of none is answered without asking the server. */
export function RespondPage({ id }: { id: string }) {
  return parseRoomName(`${form.kind}/${id}`) === null ? <NotFound /> : <Respond key={id} id={id} />
}

/** Opening the page makes nothing: a response begins when somebody says so, and this device remembers it. */
function Respond({ id }: { id: string }) {
  const { token } = useVisitor().identity
  const [own, setOwn] = useState(() => keptResponse(token, id))
  const keep = (response: string | null) => {
    keepResponse(token, id, response)
    setOwn(response)
  }
  return own === null ? (
    <Begin id={id} onBegun={keep} />
  ) : (
    <OpenResponse key={own} id={own} formId={id} onGone={() => keep(null)} />
  )
}

interface OpenResponseProps {
  readonly id: string
  readonly formId: string
  onGone(): void
}

function OpenResponse({ id, formId, onGone }: OpenResponseProps) {
  const watched = useWatchedRoom(response, id, entering)
  const code = watched?.failure?.code
  const isGone = code === 'room-not-found' || code === 'room-deleted'
  useEffect(() => {
    if (isGone) onGone()
  }, [isGone, onGone])
  if (watched?.failure && !isGone) return <Closed failure={watched.failure} room={watched.room} />
  return (
    <ResponseProvider id={id} initialPresence={initialPresence} fallback={<Reading />}>
      <OwnResponse formId={formId} />
    </ResponseProvider>
  )
}

const entering = { initialPresence }
