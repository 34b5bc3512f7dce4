import { CloudOff, Eye, Hourglass } from 'lucide-react'
import { Link } from 'wouter'
import { useClient } from '../../react/index.ts'
import { Banner } from '../ui/banner.tsx'
import { Button, buttonClasses } from '../ui/button.tsx'
import { countOf } from '../ui/time-words.ts'
import { useLasting } from '../ui/timers.ts'
import { useRights, useRoom, useSyncStatus } from './form-room.ts'
import { roleWords, useAskWhom } from './roles.ts'
import { NextTry } from './saved.tsx'

/** The indicator says offline after 1 s without a connection, the banner after 5. */
const offlineBannerMs = 4000

/** The condition that lasts, if there is one: no connection, no commit, no right to write. */
export function FormBanner() {
  const client = useClient()
  const status = useSyncStatus({ smooth: true })
  const rights = useRights()
  const offline = useLasting(status.state === 'offline', offlineBannerMs)
  if (offline && status.state === 'offline')
    return (
      <Banner
        icon={CloudOff}
        meaning="need"
        action={
          <Button
            className="max-desk:border-transparent max-desk:bg-transparent max-desk:px-1 max-desk:underline max-desk:underline-offset-[0.2em]"
            onClick={() => client.retryNow()}
          >
            Retry now
          </Button>
        }
      >
        <b className="font-name">You are offline.</b> Keep working; your changes{' '}
        {status.storedLocally ? 'are kept on this device.' : 'are only in this tab. Leave it open.'}{' '}
        <span className="max-desk:hidden">
          <NextTry />
        </span>
      </Banner>
    )
  if (status.state === 'waiting')
    return (
      <Banner icon={Hourglass} meaning="need">
        <b className="font-name">The server cannot commit right now.</b> Keep this tab open. Others do not see
        your last {countOf(status.pending, 'change')} yet.
      </Banner>
    )
  if (rights?.mayWrite === false) return <NoEditRights role={rights.role} />
  return null
}

/** What you may do, and who can change it. */
function NoEditRights({ role }: { role: keyof typeof roleWords }) {
  const whom = useAskWhom()
  const { id } = useRoom()
  const answer = role === 'respondent' && (
    <Link href={`/respond/${encodeURIComponent(id)}`} className={buttonClasses()}>
      Answer it
    </Link>
  )
  return (
    <Banner icon={Eye} meaning="plain" action={answer}>
      You can {roleWords[role].may}. {whom} can give you edit rights.
    </Banner>
  )
}
