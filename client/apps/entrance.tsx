import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { type Client, createClient } from '../index.ts'
import { ClientProvider } from '../react/index.ts'
import { Refusal } from './api.ts'
import { becomeGuest, forgetIdentity, type Identity, readIdentity } from './identity.ts'
import { Button } from './ui/button.tsx'
import { Screen } from './ui/screen.tsx'

interface Visitor {
  readonly identity: Identity
  /** The token is of no use any more: back to the entrance. */
  leave(): void
}

const VisitorContext = createContext<Visitor | null>(null)

/** Who is here. @throws Error outside of `<Entrance>` */
export const useVisitor = (): Visitor => {
  const visitor = useContext(VisitorContext)
  if (visitor === null) throw new Error('useVisitor needs an <Entrance> above it')
  return visitor
}

/** Nobody writes without a name: a token says it, or a guest gives one, once per browser. */
export function Entrance({ children }: { children: ReactNode }) {
  const [identity, setIdentity] = useState(readIdentity)
  const visitor = useMemo(
    () =>
      identity && {
        identity,
        leave: () => {
          forgetIdentity()
          setIdentity(null)
        }
      },
    [identity]
  )
  const client = useConnected(identity)
  if (visitor === null) return <NameScreen onNamed={setIdentity} />
  if (client === null) return null
  return (
    <VisitorContext value={visitor}>
      <ClientProvider client={client}>{children}</ClientProvider>
    </VisitorContext>
  )
}

/** One connection for as long as somebody is the same. */
const useConnected = (identity: Identity | null): Client | null => {
  const [client, setClient] = useState<Client | null>(null)
  useEffect(() => {
    if (identity === null) return
    const { token } = identity
    const connected = createClient({
      url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
      auth: async () => ({ token })
    })
    setClient(connected)
    return () => {
      setClient(null)
      connected.close()
    }
  }, [identity])
  return client
}

const nameLengthMax = 64

function NameScreen({ onNamed }: { onNamed(identity: Identity): void }) {
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const enter = async () => {
    if (name.trim() === '') return setProblem('Write your name first.')
    setBusy(true)
    try {
      onNamed(await becomeGuest(name.trim()))
    } catch (error) {
      setProblem(wordsFor(error))
      setBusy(false)
    }
  }
  return (
    <Screen heading="Who is writing?">
      <p>Your name stands beside everything that you write here. This browser remembers it.</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void enter()
        }}
      >
        <label htmlFor="name" className="block font-label text-ink">
          Your name
        </label>
        <div className="mt-1.5 flex max-w-110 gap-2">
          <input
            id="name"
            name="name"
            autoComplete="name"
            maxLength={nameLengthMax}
            value={name}
            onChange={(event) => setName(event.target.value)}
            aria-describedby={problem ? 'name-problem' : undefined}
            aria-invalid={problem !== null}
            className="h-11 min-w-0 flex-1 rounded-control border border-edge bg-sheet px-3 text-ink aria-invalid:border-stop"
          />
          <Button look="go" type="submit" aria-disabled={busy} className="min-h-11 px-5">
            Continue
          </Button>
        </div>
        {problem && (
          <p id="name-problem" role="alert" className="mt-1.5 text-sm text-stop">
            {problem}
          </p>
        )}
      </form>
    </Screen>
  )
}

/** @throws whatever is no answer of the server */
const wordsFor = (error: unknown): string => {
  if (error instanceof Refusal) {
    return error.code === 'forbidden'
      ? 'This server lets in only who comes with a token: open the link that you were given.'
      : `The server refused: ${error.message}.`
  }
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) return 'The server cannot be reached. Try again in a moment.'
  throw error
}
