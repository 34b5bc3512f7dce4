import { useState } from 'react'
import type { RoomError } from '../../index.ts'
import { Builder } from './build/builder.tsx'
import { OutlineButton } from './build/outline.tsx'
import { Failed } from './failed.tsx'
import { Filler } from './fill/filler.tsx'
import { RoomProvider, useErrorListener } from './form-room.ts'
import { FormFrame } from './frame.tsx'
import { Opening } from './opening.tsx'

const initialPresence = { focus: null, caret: null }

/** One form, to build or to fill in: the room stays open while the view changes. */
export function FormPage({ id, view }: { id: string; view: 'build' | 'fill' }) {
  const [failure, setFailure] = useState<RoomError | null>(null)
  if (failure) return <Failed failure={failure} onRetry={() => setFailure(null)} />
  return (
    <RoomProvider
      key={id}
      id={id}
      initialPresence={initialPresence}
      fallback={
        <>
          <Failures onFailure={setFailure} />
          <Opening />
        </>
      }
    >
      <Failures onFailure={setFailure} />
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

/** What ends the visit has a screen of its own; what passes is said by the indicator. */
function Failures({ onFailure }: { onFailure(failure: RoomError): void }) {
  useErrorListener((error) => {
    if (!error.retry && endsTheVisit.has(error.code)) onFailure(error)
  })
  return null
}

const endsTheVisit: ReadonlySet<RoomError['code']> = new Set([
  'token-invalid',
  'forbidden',
  'room-not-found',
  'room-deleted',
  'room-name-invalid',
  'kind-unknown',
  'origin-refused'
])
