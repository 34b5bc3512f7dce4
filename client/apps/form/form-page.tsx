import type { ReactNode } from 'react'
import { form } from '../../../schema/kinds/form.ts'
import { parseRoomName } from '../../../schema/room-name.ts'
import { onDemand, Part, useFetchedWhenIdle } from '../ui/on-demand.tsx'
import { NotFound } from '../ui/screen.tsx'
import { dragging } from '../ui/sortable.ts'
import { useWatchedRoom } from '../watched-room.ts'
import { Builder } from './build/builder.tsx'
import { OutlineButton } from './build/outline.tsx'
import { Comments, useCommentsPlace } from './comments/comments-place.tsx'
import { CommentsButton } from './comments/dock-button.tsx'
import { threads } from './comments/panel.tsx'
import { Failed } from './failed.tsx'
import { RoomProvider } from './form-room.ts'
import { FormFrame } from './frame.tsx'
import { Names } from './names.tsx'
import { Opening } from './opening.tsx'
import { shareContent } from './share/share.tsx'

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

const filler = onDemand(async () => (await import('./fill/filler.tsx')).Filler)
const responses = onDemand(async () => (await import('./responses/responses.tsx')).Responses)

/** What may be opened here while there is no connection. */
const parts = [shareContent, threads, filler, responses, dragging]

const initialPresence = { focus: null, caret: null }
const entering = { initialPresence }

function View({ id, view }: FormPageProps) {
  useFetchedWhenIdle(parts)
  if (view === 'responses')
    return (
      <Part
        of={responses}
        props={{ id }}
        until={(words) => <FormFrame id={id}>{emptyView(words)}</FormFrame>}
      />
    )
  if (view === 'fill')
    return (
      <FormFrame id={id}>
        <Part of={filler} props={{ id }} until={emptyView} />
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

const emptyView = (words: ReactNode) => (
  <main id="content" aria-busy={words === null} className="mx-auto max-w-[600px] px-1 pt-12">
    {words}
  </main>
)

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
