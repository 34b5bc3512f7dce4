import { CloudOff, Hourglass } from 'lucide-react'
import { useClient } from '../../react/index.ts'
import { NextTry } from '../form/saved.tsx'
import { Banner } from '../ui/banner.tsx'
import { Button } from '../ui/button.tsx'
import { useLasting } from '../ui/timers.ts'
import { useSyncStatus } from './response-room.ts'

/** The indicator says offline after 1 s without a connection, the banner after 5. */
const offlineBannerMs = 4000

/** What lasts: no connection, or no commit. */
export function OfflineBanner() {
  const client = useClient()
  const status = useSyncStatus({ smooth: true })
  const isOffline = useLasting(status.state === 'offline', offlineBannerMs)
  if (isOffline && status.state === 'offline')
    return (
      <Banner
        icon={CloudOff}
        meaning="need"
        action={<Button onClick={() => client.retryNow()}>Retry now</Button>}
      >
        <b className="font-name">You are offline.</b> Keep answering; your answers{' '}
        {status.storedLocally ? 'are kept on this device.' : 'are only in this tab. Leave it open.'}{' '}
        <span className="max-desk:hidden">
          <NextTry />
        </span>
      </Banner>
    )
  return status.state === 'waiting' ? (
    <Banner icon={Hourglass} meaning="need">
      <b className="font-name">The server cannot commit right now.</b> Keep this tab open.
    </Banner>
  ) : null
}
