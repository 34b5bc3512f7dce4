import { lazy, Suspense } from 'react'
import { form } from '../../../schema/kinds/form.ts'
import { parseRoomName } from '../../../schema/room-name.ts'
import { NotFound } from '../ui/screen.tsx'
import { useWatchedRoom } from '../watched-room.ts'
import { Builder } from './build/builder.tsx'
import { OutlineButton } from './build/outline.tsx'
import { Comments, useCommentsPlace } from './comments/comments-place.tsx'
import { CommentsButton } from './comments/dock-button.tsx'
import { Failed } from './failed.tsx'
import { Filler } from './fill/filler.tsx'
import { RoomProvider } from './form-room.ts'
import { FormFrame } from './frame.tsx'
import { Names } from './names.tsx'
import { Opening } from './opening.tsx'

export interface FormPageProps {
  readonly id: string
  readonly view: 'build' | 'fill' | 'responses'
}

/** One form, to build, to fill in, or with what came of it. An address that can be of none is answered without asking the server. */
export function FormPage({ id, view }: FormPageProps) {
  return parseRoomName(`${form.kind}/${id}`) === null ? <NotFound /> : <OpenForm id={id} view={view} />
}

/** The room stays open while the view changes. */
function OpenForm({ id, view }: FormPageProps) {
  const watched = useWatchedRoom(form, id, entering)
  if (watched?.failure) return <Failed failure={watched.failure} room={watched.room} />
  return (
    <RoomProvider key={id} id={id} initialPresence={initialPresence} fallback={<Opening />}>
      <View id={id} view={view} />
    </RoomProvider>
  )
}

const Responses = lazy(async () => ({ default: (await import('./responses/responses.tsx')).Responses }))

const initialPresence = { focus: null, caret: null }
const entering = { initialPresence }

function View({ id, view }: FormPageProps) {
  if (view === 'responses')
    return (
      <Suspense
        fallback={
          <FormFrame id={id}>
            <main id="content" aria-busy="true" />
          </FormFrame>
        }
      >
        <Responses id={id} />
      </Suspense>
    )
  if (view === 'fill')
    return (
      <FormFrame id={id}>
        <Filler id={id} />
      </FormFrame>
    )
  return (
    <Names>
      <Comments>
        <Build id={id} />
      </Comments>
    </Names>
  )
}

function Build({ id }: { id: string }) {
  const { mayRead } = useCommentsPlace()
  const dock = (
    <>
      <OutlineButton />
      <CommentsButton />
    </>
  )
  return (
    <FormFrame id={id} dock={dock} beside={`wide:[--beside:236px] ${mayRead ? besideComments : ''}`}>
      <Builder />
    </FormFrame>
  )
}

const besideComments = 'desk:[--beside-right:304px] min-[1400px]:[--beside-right:340px]'
