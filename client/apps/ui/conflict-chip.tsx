import { Split } from 'lucide-react'
import {
  type KeyboardEvent,
  type RefObject,
  useEffectEvent,
  useId,
  useLayoutEffect,
  useRef,
  useState
} from 'react'
import { useAnnounce } from './announcer.tsx'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'
import type { Person } from './person.ts'
import { Stamp } from './stamp.tsx'
import { countOf, momentOf } from './time-words.ts'
import { useNow } from './timers.ts'

/** One of several values that stand beside each other, with everybody who set it. */
export interface ConflictValue {
  readonly key: string
  readonly words: string
  readonly by: readonly { readonly person: Person; readonly at: Date }[]
}

export interface ConflictProps {
  /** What the values are of: `“not before” of question 4`. */
  readonly about: string
  /** The shown one first; null: there is no conflict. */
  readonly values: readonly ConflictValue[] | null
  /** Why the first one is shown: `set last`. */
  readonly why: string
  /** What is said once it is settled: `Ben Hart chose 08:00`. */
  readonly settled: string
  readonly mayChoose: boolean
  /** Where the focus goes once there is nothing to choose from any more. */
  readonly field: RefObject<HTMLElement | null>
  onKeep(key: string): void
}

/** Names a conflict next to its field; a press opens the choice below, in the flow, where it covers nothing. */
export function Conflict({ values, field, settled, ...props }: ConflictProps) {
  const [isOpen, setOpen] = useState(false)
  const chip = useRef<HTMLButtonElement>(null)
  const isWithin = useFocusHandedOn({ isThere: values !== null, field, settled, close: () => setOpen(false) })
  const pickerId = useId()
  if (values === null) return null
  const words = chipWords(values)
  if (!props.mayChoose)
    return (
      <span className={`inline-flex ${chipLook}`}>
        <ChipWords words={words} />
      </span>
    )
  const close = () => {
    setOpen(false)
    chip.current?.focus({ preventScroll: true })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !isOpen) return
    event.preventDefault()
    close()
  }
  return (
    <>
      <button
        ref={chip}
        type="button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? pickerId : undefined}
        aria-label={`${words}: ${props.about}`}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={onKeyDown}
        {...isWithin}
        className={`relative inline-flex cursor-pointer after:absolute after:inset-x-0 pointer-coarse:after:-inset-y-2 hover:bg-[color-mix(in_oklch,var(--need-tint),var(--need)_12%)] ${chipLook}`}
      >
        <ChipWords words={words} />
      </button>
      {isOpen && (
        // The keys bubble here from what is in it.
        // biome-ignore lint/a11y/noStaticElementInteractions: a key that closes what it is pressed in
        <div id={pickerId} onKeyDown={onKeyDown} {...isWithin} className="order-1 basis-full">
          <Picker {...props} values={values} onLater={close} />
        </div>
      )}
    </>
  )
}

const chipLook =
  'min-h-6 flex-none items-center gap-1.5 rounded-control border border-need bg-need-tint py-0.5 pr-2 pl-1.5 text-xs font-name text-ink pointer-coarse:min-h-7.5'

function ChipWords({ words }: { words: string }) {
  return (
    <>
      <Icon of={Split} className="size-3.5 text-need" />
      {words}
    </>
  )
}

const namedLengthMax = 8

/** Two short values are named; of others it is said how many there are. */
export const chipWords = (values: readonly ConflictValue[]): string => {
  const isShort = values.length === 2 && values.every(({ words }) => words.length <= namedLengthMax)
  return isShort
    ? values.map(({ words }) => words).join(' or ')
    : `${countOf(values.length, 'value')} · choose`
}

interface Handing {
  readonly isThere: boolean
  readonly field: RefObject<HTMLElement | null>
  readonly settled: string
  close(): void
}

/** When the conflict goes while the focus is in it, the field has the focus next, and it is said who chose. */
const useFocusHandedOn = ({ isThere, field, settled, close }: Handing) => {
  const announce = useAnnounce()
  const isHeld = useRef(false)
  const handOn = useEffectEvent(() => {
    close()
    // What is taken away with the focus in it tells nobody that it lost it.
    if (!isHeld.current) return
    isHeld.current = false
    field.current?.focus({ preventScroll: true })
    announce(settled)
  })
  useLayoutEffect(() => {
    if (!isThere) handOn()
  }, [isThere])
  return {
    onFocus: () => {
      isHeld.current = true
    },
    onBlur: () => {
      isHeld.current = false
    }
  }
}

interface PickerProps extends Pick<ConflictProps, 'about' | 'why' | 'onKeep'> {
  readonly values: readonly ConflictValue[]
  onLater(): void
}

/** Every value with who set it and when; the one that is shown now says why. */
function Picker({ about, values, why, onKeep, onLater }: PickerProps) {
  const [picked, setPicked] = useState<string | null>(null)
  const chosen = values.find(({ key }) => key === picked) ?? values[0]
  const name = useId()
  const now = useNow(60_000)
  const first = useRef<HTMLInputElement>(null)
  // Whoever opened it goes on inside.
  useLayoutEffect(() => first.current?.focus({ preventScroll: true }), [])
  if (chosen === undefined) return null
  return (
    <fieldset className="mt-2 mb-1 max-w-120 min-w-0 border-l-3 border-need py-0.5 pl-3.5 text-sm">
      <legend className="sr-only">{`Values to choose from: ${about}`}</legend>
      <p className="font-name">{whoSet(values)}</p>
      <p className="mt-0.5 mb-2.5 text-ink-2">
        Everyone sees {values[0]?.words} until somebody chooses. {values.length === 2 ? 'Both' : 'All'} stay
        in the log.
      </p>
      <div className="overflow-hidden rounded-control border border-edge">
        {values.map((value, index) => (
          <label
            key={value.key}
            className="grid min-h-11 grid-cols-[auto_1fr_auto] items-center gap-x-2.5 gap-y-1 px-3 py-2.5 not-first:border-t not-first:border-rule hover:bg-band has-checked:bg-band-2"
          >
            <input
              ref={index === 0 ? first : undefined}
              type="radio"
              name={name}
              className="size-4"
              checked={value === chosen}
              onChange={() => setPicked(value.key)}
            />
            <strong className="text-md font-name wrap-anywhere">{value.words}</strong>
            {index === 0 && <span className="text-xs font-label text-ink-2">shown now, {why}</span>}
            {value.by.map(({ person, at }) => (
              <span key={person.id} className="col-[2/-1] flex items-center gap-1.5 text-xs text-ink-2">
                <Stamp person={person} size="s" />
                {person.you ? 'You' : person.name}, {momentOf(at, now)}
              </span>
            ))}
          </label>
        ))}
      </div>
      <div className="mt-3 flex flex-wrap gap-2">
        <Button look="go" onClick={() => onKeep(chosen.key)}>
          Keep {chosen.words}
        </Button>
        <Button look="bare" onClick={onLater}>
          Decide later
        </Button>
      </div>
    </fieldset>
  )
}

const counts = ['', 'One person', 'Two people', 'Three people', 'Four people', 'Five people']

const whoSet = (values: readonly ConflictValue[]): string => {
  const people = new Set(values.flatMap(({ by }) => by.map(({ person }) => person.id))).size
  return people === 1
    ? 'This was set twice at the same time.'
    : `${counts[people] ?? `${people} people`} set this at the same time.`
}
