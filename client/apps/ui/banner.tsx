import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

/** A condition that lasts. It lies over the head of the page and moves nothing: the page keeps this much free there. */
export function Banner({ icon, meaning, children, action }: BannerProps) {
  return (
    <div
      className={`absolute top-full right-[var(--beside-right,0)] left-[var(--beside,0)] flex min-h-11 items-center gap-3 border-b border-rule px-4 text-sm desk:py-1.5 opening ${grounds[meaning]}`}
    >
      <Icon of={icon} className={inks[meaning]} />
      <p className="min-w-0 flex-1">{children}</p>
      {action}
    </div>
  )
}

export interface BannerProps {
  readonly icon: LucideIcon
  readonly meaning: 'need' | 'stop' | 'plain'
  readonly children: ReactNode
  readonly action?: ReactNode
}

const grounds = { need: 'bg-need-tint', stop: 'bg-stop-tint', plain: 'bg-band' }
const inks = { need: 'text-need', stop: 'text-stop', plain: '' }
