import { useState } from 'react'
import { Button } from '../ui/button.tsx'
import { copyText } from '../ui/copy-text.ts'

/** What somebody wrote and the server did not take, to copy from. */
export function KeptText({ text }: { text: string }) {
  return (
    <p className="max-h-40 overflow-auto border-l-2 border-stop py-0.5 pl-2.5 wrap-anywhere whitespace-pre-wrap text-ink">
      {text}
    </p>
  )
}

export function CopyKept({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  return (
    <Button look="go" onClick={() => void copyText(text).then(setCopied)}>
      {copied ? 'Copied' : 'Copy my text'}
    </Button>
  )
}
