import { useState } from 'react'
import { joinLink } from '../../join/codes.ts'
import { useRoster, useStorage } from '../form-room.ts'
import type { FormRole } from '../roles.ts'
import type { OpenInvites } from './invites.ts'
import type { ShownCode } from './pairing.tsx'
import { canSend, sendLink } from './send-link.ts'
import type { NewInvite, Sharing } from './sharing.ts'

export const daySeconds = 86_400
const weekSeconds = 7 * daySeconds

/** The link that was made last, the code that is on the screen, and how they come about. */
export const useInviting = (sharing: Sharing, open: OpenInvites) => {
  const roster = useRoster()
  const title = useStorage((storage) => storage.title)
  const [role, setRole] = useState<FormRole>('editor')
  const [seconds, setSeconds] = useState(weekSeconds)
  const [link, setLink] = useState<NewInvite | null>(null)
  const [code, setCode] = useState<ShownCode | null>(null)
  const [isPairing, setPairing] = useState(false)

  const makeLink = async (term: number): Promise<NewInvite> => {
    const made = await sharing.invite('link', role, term)
    setLink(made)
    await open.read()
    return made
  }
  const makeCode = async (): Promise<void> => {
    const invite = await sharing.invite('code', role)
    // Read before it is shown: what is not among the open invites then was used.
    await open.read()
    setCode({ invite, knew: new Set(roster.map(({ userId }) => userId)) })
  }
  const canJoinBy = (invite: NewInvite): boolean => open.list?.some(({ id }) => id === invite.id) ?? false
  const isOpen = code !== null && canJoinBy(code.invite)
  return {
    role,
    setRole,
    seconds,
    setSeconds,
    link: link !== null && canJoinBy(link) ? link : null,
    makeLink: async () => void (await makeLink(seconds)),
    code: isPairing ? code : null,
    /** The code that was made before, while somebody can still join by it. */
    showCode: async () => {
      if (!isOpen || code.invite.role !== role) await makeCode()
      setPairing(true)
    },
    hideCode: () => setPairing(false),
    replaceCode: async () => {
      if (isOpen) await sharing.takeBack(code.invite.id)
      await makeCode()
    },
    linkInstead: async () => {
      const made = await makeLink(weekSeconds)
      setPairing(false)
      if (canSend()) await sendLink(title, joinLink(made.code))
    }
  }
}
