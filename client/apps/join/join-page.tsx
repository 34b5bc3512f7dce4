import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import { now } from '../../clock.ts'
import { Refusal } from '../api.ts'
import { useVisitor } from '../entrance.tsx'
import { isFormRole, roleWords } from '../form/roles.ts'
import { Button } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'
import { countOf } from '../ui/time-words.ts'
import { useNow } from '../ui/timers.ts'
import { useToast } from '../ui/toast.tsx'
import { codeLength, isWhole, plainCode } from './codes.ts'
import { type Joined, join, problemOf } from './join.ts'

/** Where a code is typed, and where a link or a scanned square leads to: it takes you in, or says why not. */
export function JoinPage({ code = '' }: { code?: string }) {
  const { busy, problem, waitSeconds, enter } = useJoining()
  const [typed, setTyped] = useState(code.length === codeLength ? code : '')
  const [opening, setOpening] = useState(code !== '')
  const field = useRef<HTMLInputElement>(null)
  const followed = useRef('')
  const follow = useEffectEvent(() => {
    if (followed.current === code) return
    followed.current = code
    void enter(code).finally(() => setOpening(false))
  })
  useEffect(() => {
    document.title = 'Join · Roomlog'
    if (code !== '') follow()
  }, [code])
  // Typing the code is all that there is to do here, again after a code that was wrong.
  useEffect(() => {
    if (!opening && !busy) field.current?.focus()
  }, [opening, busy])

  if (opening) return <Screen bar="Join" heading="Opening…" />
  return (
    <Screen bar="Join" heading="Type the code that you were given.">
      <form
        className="mt-3"
        onSubmit={(event) => {
          event.preventDefault()
          void enter(plainCode(typed))
        }}
      >
        <label htmlFor="code" className="block font-label text-ink">
          Code
        </label>
        <div className="mt-1.5 flex flex-wrap gap-2 text-xl">
          <input
            ref={field}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            aria-describedby={problem === '' ? undefined : 'code-problem'}
            aria-invalid={problem !== ''}
            {...codeField}
          />
          <Button look="go" type="submit" aria-disabled={busy || waitSeconds > 0} className="h-14! px-6">
            Join
          </Button>
        </div>
        {problem !== '' && <Problem words={problem} waitSeconds={waitSeconds} />}
      </form>
    </Screen>
  )
}

const codeField = {
  id: 'code',
  name: 'code',
  autoComplete: 'off',
  autoCapitalize: 'characters',
  spellCheck: false,
  placeholder: 'CDF 9HM',
  className:
    'h-14 min-w-0 flex-[1_1_15rem] rounded-control border border-edge bg-sheet px-3 font-mono tracking-[0.2em] text-ink uppercase aria-invalid:border-stop'
}

function Problem({ words, waitSeconds }: { words: string; waitSeconds: number }) {
  return (
    <div className="mt-2 text-sm text-stop">
      <p id="code-problem" role="alert">
        {words}
      </p>
      {waitSeconds > 0 && <p>Try again in {countOf(waitSeconds, 'second')}.</p>}
    </div>
  )
}

const useJoining = () => {
  const { identity, leave } = useVisitor()
  const [, navigate] = useLocation()
  const toast = useToast()
  const [problem, setProblem] = useState('')
  const [busy, setBusy] = useState(false)
  const [waitUntil, setWaitUntil] = useState(0)
  const waitSeconds = Math.max(0, Math.ceil((waitUntil - useNow(1000).getTime()) / 1000))
  const enter = async (code: string): Promise<void> => {
    if (busy || waitSeconds > 0) return
    if (!isWhole(code)) return setProblem(`A code has ${codeLength} letters and digits.`)
    setBusy(true)
    setProblem('')
    try {
      const joined = await join(identity.token, code)
      toast({ text: welcomeOf(joined) })
      navigate(pathOf(joined), { replace: true })
    } catch (error) {
      if (error instanceof Refusal && error.code === 'token-invalid' && identity.isGuest) return leave()
      const { words, waitSeconds: wait } = problemOf(error)
      setProblem(words)
      setWaitUntil(wait === 0 ? 0 : now() + wait * 1000)
      setBusy(false)
    }
  }
  return { busy, problem, waitSeconds, enter }
}

/** Who only answers a form has a page of their own for it. */
const pathOf = ({ room, role }: Joined): string =>
  role === 'respondent' ? `/${room}`.replace(/^\/form\//, '/respond/') : `/${room}`

const welcomeOf = ({ role, isNew }: Joined): string => {
  const { one, may } = isFormRole(role) ? roleWords[role] : { one: role, may: '' }
  const can = may === '' ? '' : ` You can ${may}.`
  return isNew ? `You have joined as ${one}.${can}` : `You were here already, as ${one}.${can}`
}
