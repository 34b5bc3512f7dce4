import { type FocusEvent, useId, useState } from 'react'
import { useAnnounce } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { copyText } from '../../ui/copy-text.ts'
import { useLater } from '../../ui/timers.ts'

/** The addresses of the form itself: they lead in whoever has a role in it. */
export function FormLinks({ id }: { id: string }) {
  const name = encodeURIComponent(id)
  const build = `${location.origin}/form/${name}`
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-3">
      <LinkRow label="To build it together" link={build} />
      <LinkRow label="To fill it in" link={`${build}/fill`} />
      <LinkRow label="To answer it alone" link={`${location.origin}/respond/${name}`} />
    </div>
  )
}

/** An address to copy. */
export function LinkRow({ label, link }: { label: string; link: string }) {
  const fieldId = useId()
  const announce = useAnnounce()
  const [copied, setCopied] = useState<boolean | null>(null)
  useLater(copied !== null, 4000, () => setCopied(null))
  const copy = async () => {
    const isDone = await copyText(link)
    setCopied(isDone)
    announce(
      isDone ? 'The link is copied' : 'The browser does not let pages copy. Select the link and copy it'
    )
  }
  return (
    <div>
      <label htmlFor={fieldId} className="font-label">
        {label}
      </label>
      <div className="mt-1 flex gap-2">
        <input
          id={fieldId}
          readOnly
          value={link}
          onFocus={(event: FocusEvent<HTMLInputElement>) => event.target.select()}
          className="h-control min-w-0 flex-1 rounded-control border border-edge bg-paper px-2 font-mono text-xs"
        />
        <Button look="go" onClick={() => void copy()} className="w-20">
          {copied === null ? 'Copy' : copied ? 'Copied' : 'Select it'}
        </Button>
      </div>
    </div>
  )
}
