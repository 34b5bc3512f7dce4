import { useMemo } from 'react'
import { encode } from 'uqr'

/** An address as a square to scan: ink on white in every theme, for cameras. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const { size, path } = useMemo(() => draw(text), [text])
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="block w-full rounded-pop border border-rule bg-[white] p-3"
    >
      <path d={path} fill="black" />
    </svg>
  )
}

/** One square of the path for each dark module. */
const draw = (text: string) => {
  const { data, size } = encode(text, { ecc: 'M', border: 0 })
  const path = data.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
  return { size, path }
}
