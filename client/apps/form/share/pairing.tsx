import { Share2 } from 'lucide-react'
import { useEffect, useEffectEvent, useState } from 'react'
import { joinLink, joinPlace, shownCode } from '../../join/codes.ts'
import { useAnnounce } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { QrCode } from '../../ui/qr-code.tsx'
import { useRoster } from '../form-room.ts'
import { isFormRole, roleWords } from '../roles.ts'
import { durationWords, type OpenInvites, useSecondsUntil } from './invites.ts'
import { type NewInvite, wordsFor } from './sharing.ts'

/** A code on the screen. */
export interface ShownCode {
  readonly invite: NewInvite
  /** Those who had access when it was made: whoever else is there has come since. */
  readonly knew: ReadonlySet<string>
}

export interface PairingProps {
  readonly code: ShownCode
  readonly open: OpenInvites
  onNewCode(): Promise<void>
  onLinkInstead(): Promise<void>
}

/** A code to read out and a square to scan, until somebody has joined by it. */
export function Pairing({ code, open, onNewCode, onLinkInstead }: PairingProps) {
  const { invite } = code
  const [problem, setProblem] = useState('')
  const seconds = useSecondsUntil(invite.expiresAt)
  const isUsed = open.list !== null && !open.list.some(({ id }) => id === invite.id)
  const attempt = (act: Promise<void>) => void act.then(() => '', wordsFor).then(setProblem)
  return (
    <>
      {seconds === 0 ? (
        <p className="text-md text-ink-2">
          Codes work for ten minutes. Nobody can join by this one any more.
        </p>
      ) : isUsed ? (
        <Used knew={code.knew} />
      ) : (
        <Code invite={invite} seconds={seconds} />
      )}
      <div className="mt-auto grid gap-2 pt-6">
        {problem !== '' && (
          <p role="alert" className="text-stop">
            {problem}
          </p>
        )}
        <Button look="go" className="max-desk:h-13 max-desk:text-md" onClick={() => attempt(onLinkInstead())}>
          <Icon of={Share2} />
          Send a link instead
        </Button>
        <Button look="bare" className="max-desk:h-13 max-desk:text-md" onClick={() => attempt(onNewCode())}>
          Make a new code
        </Button>
      </div>
    </>
  )
}

function Code({ invite, seconds }: { invite: NewInvite; seconds: number }) {
  const { code, role } = invite
  const one = isFormRole(role) ? roleWords[role].one : role
  return (
    <>
      <p className="text-md text-ink-2">
        They open <b className="font-name text-ink">{joinPlace()}</b> and type it, or point their camera at
        the square. Whoever joins is {one}.
      </p>
      <p className="sr-only">The code is {[...code].join(' ')}.</p>
      <p
        aria-hidden="true"
        data-code={code}
        className="mt-6 flex items-baseline justify-between gap-1.5 font-mono text-[2.375rem] leading-[1.3] font-label"
      >
        {[...shownCode(code)].map((letter, at) =>
          letter === '·' ? (
            <span key="between" className="self-center px-0.5 text-xl text-ink-3">
              ·
            </span>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: a letter is what stands at its place
            <span key={at} className="flex-1 border-b-2 border-ink pb-1 text-center">
              {letter}
            </span>
          )
        )}
      </p>
      <div className="mx-auto mt-5 w-52">
        <QrCode text={joinLink(code)} label={`Square that opens ${joinPlace()}/${code}`} />
      </div>
      <p className="mt-4 text-center text-ink-2">
        Works for one person, for the next {durationWords(seconds)}.
      </p>
    </>
  )
}

function Used({ knew }: { knew: ReadonlySet<string> }) {
  const come = useRoster().filter(({ userId }) => !knew.has(userId))
  const announce = useAnnounce()
  const words =
    come.length === 0
      ? 'The code is used.'
      : `${new Intl.ListFormat('en-GB').format(come.map(({ name }) => name))} joined.`
  const say = useEffectEvent(() => announce(words))
  useEffect(() => say(), [])
  return (
    <p className="text-md text-ink-2">
      <b className="font-name text-ink">{words}</b> This code works no more; the next person needs a new one.
    </p>
  )
}
