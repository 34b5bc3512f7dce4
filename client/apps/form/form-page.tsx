import { useEffect, useState } from 'react'
import { form } from '../../../schema/kinds/form.ts'
import { parseRoomName } from '../../../schema/room-name.ts'
import type { RoomError, Store } from '../../index.ts'
import { useClient, useStore } from '../../react/index.ts'
import { NotFound } from '../ui/screen.tsx'
import { Builder } from './build/builder.tsx'
import { OutlineButton } from './build/outline.tsx'
import { Failed } from './failed.tsx'
import { Filler } from './fill/filler.tsx'
import { type FormRoom, RoomProvider } from './form-room.ts'
import { FormFrame } from './frame.tsx'
import { Opening } from './opening.tsx'

const initialPresence = { focus: null, caret: null }

export interface FormPageProps {
  readonly id: string
  readonly view: 'build' | 'fill'
}

/** One form, to build or to fill in. An address that can be of none is answered without asking the server. */
export function FormPage({ id, view }: FormPageProps) {
  return parseRoomName(`${form.kind}/${id}`) === null ? <NotFound /> : <OpenForm id={id} view={view} />
}

/** The room stays open while the view changes. */
function OpenForm({ id, view }: FormPageProps) {
  const room = useWatched(id)
  const failure = useStore(room?.failure ?? noFailure)
  if (room && failure) return <Failed failure={failure} room={room} />
  return (
    <RoomProvider key={id} id={id} initialPresence={initialPresence} fallback={<Opening />}>
      {view === 'build' ? (
        <FormFrame id={id} dock={<OutlineButton />} beside="wide:[--beside:236px]">
          <Builder />
        </FormFrame>
      ) : (
        <FormFrame id={id}>
          <Filler id={id} />
        </FormFrame>
      )}
    </RoomProvider>
  )
}

/** The room also while there is nothing to show of it: what ends a visit may come before the first word. */
const useWatched = (id: string): FormRoom | null => {
  const client = useClient()
  const [room, setRoom] = useState<FormRoom | null>(null)
  useEffect(() => {
    const entered = client.enter(form, id, { initialPresence })
    setRoom(entered.room)
    return () => {
      setRoom(null)
      entered.leave()
    }
  }, [client, id])
  return room
}

const noFailure: Store<RoomError | null> = { get: () => null, subscribe: () => () => undefined }
