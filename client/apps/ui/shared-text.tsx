import {
  type ComponentProps,
  type KeyboardEvent,
  type ReactNode,
  type RefCallback,
  type RefObject,
  useEffect,
  useEffectEvent,
  useRef,
  useState
} from 'react'
import { personColours } from './person.ts'
import { useRecently } from './timers.ts'

const flagMs = 4000
const echoMs = 1500

/** Where somebody else stands in a text, in UTF-16 units; `end` differs from `start` while they select. */
export interface Caret {
  readonly user: { readonly id: string; readonly info: { readonly name: string } }
  readonly start: number
  readonly end: number
}

export interface SharedTextProps extends Omit<ComponentProps<'textarea'>, 'ref' | 'value' | 'onChange'> {
  readonly text: {
    readonly ref: RefCallback<HTMLInputElement | HTMLTextAreaElement>
    readonly value: string
    readonly carets: readonly Caret[]
  }
  /** Enter does not break the line: it does this, or nothing. */
  readonly onEnter?: () => void
  readonly multiline?: boolean
  /** Their names stand at the field already: their carets need none. */
  readonly unnamed?: boolean
  /** A small word that follows the text. */
  readonly suffix?: string | undefined
  /** Size, weight and colour of the text. */
  readonly className?: string
  /** Padding and border: the text and what is drawn over it must break lines alike. */
  readonly boxClass?: string
}

/**
 * A text that several people write at once. It grows with its content; the others' carets and their newest words are
 * drawn by a copy of the text below it, which also gives the field its height.
 */
export function SharedText({
  text,
  onEnter,
  multiline = false,
  suffix,
  unnamed = false,
  boxClass = '',
  className = '',
  ...rest
}: SharedTextProps) {
  const typed = useRef<string | null>(null)
  const echo = useEcho(text.value, text.carets, typed)
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    rest.onKeyDown?.(event)
    if (event.defaultPrevented || multiline || event.key !== 'Enter' || event.nativeEvent.isComposing) return
    event.preventDefault()
    onEnter?.()
  }
  return (
    <div className={`grid min-w-0 ${className}`}>
      <div
        aria-hidden="true"
        className={`shared-text pointer-events-none [grid-area:1/1] wrap-anywhere whitespace-pre-wrap text-transparent select-none ${boxClass}`}
      >
        {layersOf(text.value, text.carets, echo, unnamed)}
        {/* an empty last line has a height only with something in it */}
        {'\u200b'}
        {suffix && text.value && <span className="ml-1.5 text-xs font-normal text-ink-3">{suffix}</span>}
      </div>
      <textarea
        rows={1}
        spellCheck
        {...rest}
        ref={text.ref}
        onKeyDown={onKeyDown}
        onInput={(event) => {
          typed.current = event.currentTarget.value
        }}
        className={`shared-text block resize-none overflow-hidden bg-transparent [grid-area:1/1] wrap-anywhere whitespace-pre-wrap ${boxClass}`}
      />
    </div>
  )
}

interface Echo {
  readonly start: number
  readonly end: number
  readonly userId: string
}

/**
 * What somebody else just wrote here, while it is new: known where one person alone has their caret in the text.
 * What was typed here last tells a change of one's own from theirs.
 */
const useEcho = (value: string, carets: readonly Caret[], typed: RefObject<string | null>): Echo | null => {
  const [echo, setEcho] = useState<Echo | null>(null)
  const seen = useRef(value)
  const notice = useEffectEvent((next: string) => {
    if (typed.current !== next && seen.current !== next) setEcho(echoOf(seen.current, next, carets))
    seen.current = next
  })
  useEffect(() => notice(value), [value])
  return useRecently(echo, echoMs) ? echo : null
}

const echoOf = (before: string, after: string, carets: readonly Caret[]): Echo | null => {
  const [author, another] = new Set(carets.map((caret) => caret.user.id))
  if (author === undefined || another !== undefined) return null
  let start = 0
  while (start < before.length && before[start] === after[start]) start++
  let end = after.length
  for (let from = before.length; end > start && from > start && before[from - 1] === after[end - 1]; from--)
    end--
  return end > start ? { start, end, userId: author } : null
}

/** The text in pieces, cut wherever a caret, a selection or an echo begins or ends. */
const layersOf = (
  value: string,
  carets: readonly Caret[],
  echo: Echo | null,
  unnamed: boolean
): ReactNode[] => {
  const inside = carets.filter((caret) => caret.start <= value.length && caret.end <= value.length)
  const cuts = [
    0,
    value.length,
    ...inside.flatMap(({ start, end }) => [start, end]),
    ...(echo ? [echo.start, echo.end] : [])
  ]
  const places = [...new Set(cuts.filter((place) => place <= value.length))].sort((a, b) => a - b)
  return places.flatMap((from, index) => {
    const to = places[index + 1] ?? from
    const selecting = inside.find((caret) => caret.start <= from && caret.end >= to && to > from)
    const echoed = echo !== null && echo.start <= from && echo.end >= to && to > from
    const tint = selecting ? 'bg-[color-mix(in_oklch,var(--c)_22%,transparent)]' : echoed ? 'echo' : ''
    const owner = selecting?.user.id ?? (echoed ? echo.userId : undefined)
    return [
      ...inside
        .filter((caret) => caret.end === from)
        .map((caret) => <CaretBar key={`caret ${caret.user.id}`} caret={caret} unnamed={unnamed} />),
      <span key={from} className={tint} style={owner === undefined ? undefined : personColours(owner)}>
        {value.slice(from, to)}
      </span>
    ]
  })
}

/** Two pixels in their colour; the name beside it while they type and 4 s after. */
function CaretBar({ caret, unnamed }: { caret: Caret; unnamed: boolean }) {
  const named = useRecently(`${caret.start} ${caret.end}`, flagMs) && !unnamed
  return (
    <span
      className="relative -mx-px border-l-2 border-person"
      style={personColours(caret.user.id)}
      data-caret={caret.user.id}
    >
      {named && (
        <span className="absolute bottom-full -left-0.5 z-[2] rounded-[3px] rounded-bl-none bg-person px-1.5 py-[3px] font-sans text-2xs/none font-name tracking-normal whitespace-nowrap text-on-person">
          {caret.user.info.name}
        </span>
      )}
    </span>
  )
}
