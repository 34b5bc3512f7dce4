import { useEffect, useEffectEvent, useState } from 'react'
import { useLocation } from 'wouter'
import * as z from 'zod/mini'
import { callApi, Refusal } from '../api.ts'
import { useVisitor } from '../entrance.tsx'
import { Button } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'
import { codeLength, plainCode } from './codes.ts'

/** Where a code is typed, and where a link or a scanned square leads to: it takes you in, or says why not. */
export function JoinPage({ code = '' }: { code?: string }) {
  const { identity } = useVisitor()
  const [, navigate] = useLocation()
  const [typed, setTyped] = useState(code.length === codeLength ? code : '')
  const [problem, setProblem] = useState<string | null>(null)
  const [busy, setBusy] = useState(code !== '')

  const join = async (given: string) => {
    if (given.length < codeLength) return setProblem(`A code has ${codeLength} characters.`)
    setBusy(true)
    setProblem(null)
    try {
      const { room } = await callApi('/api/join', {
        token: identity.token,
        body: { code: given },
        shape: z.object({ room: z.string() })
      })
      navigate(`/${room}`, { replace: true })
    } catch (error) {
      setProblem(wordsFor(error))
      setBusy(false)
    }
  }
  const joinByLink = useEffectEvent(() => void join(code))
  useEffect(() => {
    document.title = 'Join · Roomlog'
    if (code !== '') joinByLink()
  }, [code])

  return (
    <Screen bar="Join" heading={busy ? 'Opening…' : 'Type the code that you were given.'}>
      <form
        hidden={busy}
        onSubmit={(event) => {
          event.preventDefault()
          void join(plainCode(typed))
        }}
      >
        <label htmlFor="code" className="block font-label text-ink">
          Code
        </label>
        <div className="mt-1.5 flex flex-wrap gap-2">
          <input
            id="code"
            name="code"
            autoComplete="off"
            autoCapitalize="characters"
            spellCheck={false}
            maxLength={codeLength * 2}
            value={typed}
            onChange={(event) => setTyped(event.target.value.toUpperCase())}
            aria-describedby={problem ? 'code-problem' : undefined}
            aria-invalid={problem !== null}
            className="h-14 w-60 rounded-control border border-edge bg-sheet px-3 font-mono text-xl tracking-[0.2em] text-ink aria-invalid:border-stop"
          />
          <Button look="go" type="submit" className="h-14 px-6">
            Join
          </Button>
        </div>
        {problem && (
          <p id="code-problem" role="alert" className="mt-2 text-sm text-stop">
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
    if (error.code === 'invite-invalid')
      return 'No invite has this code any more. Ask for a new one: codes last ten minutes.'
    if (error.code === 'too-many') return `Too many wrong codes came from here. ${error.message}.`
    return `The server refused: ${error.message}.`
  }
  // What `fetch` throws when nobody answers.
  if (error instanceof TypeError) return 'The server cannot be reached. Try again in a moment.'
  throw error
}
