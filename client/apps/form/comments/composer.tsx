import {
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useCallback,
  useEffect,
  useId,
  useRef,
  useState
} from 'react'
import { flushSync } from 'react-dom'
import { after } from '../../../clock.ts'
import { Button } from '../../ui/button.tsx'
import { Stamp } from '../../ui/stamp.tsx'
import { useRoster } from '../form-room.ts'
import { useNames } from '../names.tsx'
import { canRead, useCommentsPlace } from './comments-place.tsx'
import { useUpdateMyPresence } from './comments-room.tsx'
import { type Mentionable, matching, mentionedIn, queryAt, tokenOf } from './mentions.ts'

/** Longer than this is a document of its own. */
const commentLengthMax = 4000
const writingMs = 5000

export interface ComposerProps {
  /** What a screen reader calls the field. */
  readonly label: string
  /** What the button says: `Reply`. */
  readonly verb: string
  readonly placeholder: string
  /** Under which name unsent words are kept. */
  readonly draft: string
  readonly initial?: string
  /** The thread whose readers see that something is being written. */
  readonly thread: string | null
  /** It has the focus as soon as it is there. */
  readonly focused?: boolean
  /** What stands beside the button. */
  readonly aside?: ReactNode
  /** The text was taken. @returns false where it was not */
  onSend(text: string, mentions: string[]): boolean
  onCancel?(): void
}

/** A field for one comment. Enter sends it where there is a keyboard; `@` offers the people of the form. */
export function Composer({ label, verb, placeholder, aside, ...props }: ComposerProps) {
  const { text, write, send, cancel } = useDraft(props)
  const field = useRef<HTMLTextAreaElement>(null)
  const offer = useOffer(text, field, write)
  const told = useWritingTold(props.thread)
  useFocused(field, props.focused ?? false)
  const isEmpty = text.trim() === ''
  const submit = () => {
    if (isEmpty) return
    told.stop()
    send()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing || offer.onKeyDown(event)) return
    if (event.key === 'Escape' && cancel) {
      event.preventDefault()
      cancel()
    }
    if (event.key !== 'Enter' || event.shiftKey || matchMedia('(pointer: coarse)').matches) return
    event.preventDefault()
    submit()
  }
  return (
    <div className="min-w-0 flex-1">
      <textarea
        ref={field}
        rows={1}
        aria-label={label}
        placeholder={placeholder}
        maxLength={commentLengthMax}
        value={text}
        {...offer.field}
        onChange={(event) => {
          write(event.target.value)
          told.writing()
          offer.look()
        }}
        onSelect={offer.look}
        onKeyDown={onKeyDown}
        onBlur={told.stop}
        className="block min-h-8 w-full resize-none border-b border-edge bg-transparent py-1.5 [field-sizing:content] focus-visible:border-ink pointer-coarse:min-h-11 pointer-coarse:py-2.5"
      />
      {offer.list}
      {(!isEmpty || cancel) && (
        <div className="mt-2 flex flex-wrap items-center gap-2">
          <Button look="go" aria-disabled={isEmpty} onClick={submit}>
            {verb}
          </Button>
          {cancel && (
            <Button look="bare" onClick={cancel}>
              Cancel
            </Button>
          )}
          {!isEmpty && aside}
        </div>
      )}
    </div>
  )
}

const useFocused = (field: RefObject<HTMLTextAreaElement | null>, focused: boolean): void =>
  useEffect(() => {
    if (!focused) return
    field.current?.focus({ preventScroll: true })
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length)
  }, [field, focused])

type Drafted = Pick<ComposerProps, 'draft' | 'initial' | 'onSend' | 'onCancel'>

const useDraft = ({ draft, initial = '', onSend, onCancel }: Drafted) => {
  const { drafts } = useCommentsPlace()
  const people = useMentionable()
  const [text, setText] = useState(() => drafts.get(draft) ?? initial)
  const write = (next: string) => {
    drafts.set(draft, next)
    setText(next)
  }
  return {
    text,
    write,
    send: () => {
      const words = text.trim()
      if (!onSend(words, mentionedIn(words, people))) return
      drafts.delete(draft)
      setText('')
    },
    cancel:
      onCancel &&
      (() => {
        drafts.delete(draft)
        onCancel()
      })
  }
}

/** Those who belong to the form and read its comments; not oneself. */
export const useMentionable = (): readonly Mentionable[] => {
  const nameOf = useNames()
  return useRoster()
    .filter((entry) => canRead(entry) && !nameOf(entry.userId).you)
    .map(({ userId, name }) => ({ id: userId, name }))
}

/** The people whom an `@` offers: arrows walk them, Enter or Tab takes one, Escape takes none. */
const useOffer = (
  text: string,
  field: RefObject<HTMLTextAreaElement | null>,
  write: (text: string) => void
) => {
  const people = useMentionable()
  const [query, setQuery] = useState<string | null>(null)
  const [at, setAt] = useState(0)
  const listId = useId()
  const offered = query === null ? [] : matching(query, people)
  const chosen = offered[Math.min(at, offered.length - 1)]
  const look = () => {
    const element = field.current
    const found = element ? queryAt(element.value, element.selectionStart) : null
    if (found !== query) setAt(0)
    setQuery(found)
  }
  const take = (person: Mentionable) => {
    const element = field.current
    if (element === null || query === null) return
    const start = element.selectionStart - query.length
    const token = `${tokenOf(person, people)} `
    flushSync(() => {
      write(text.slice(0, start) + token + text.slice(element.selectionStart))
      setQuery(null)
    })
    element.focus()
    element.setSelectionRange(start + token.length, start + token.length)
  }
  return {
    look,
    field: {
      'aria-autocomplete': 'list',
      'aria-controls': chosen ? listId : undefined,
      'aria-activedescendant': chosen ? `${listId}-${chosen.id}` : undefined
    } as const,
    /** @returns whether the key was for the list */
    onKeyDown: (event: KeyboardEvent): boolean => {
      if (chosen === undefined) return false
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
      if (by !== undefined) setAt((offered.indexOf(chosen) + by + offered.length) % offered.length)
      else if (event.key === 'Enter' || event.key === 'Tab') take(chosen)
      else if (event.key === 'Escape') setQuery(null)
      else return false
      event.preventDefault()
      return true
    },
    list: chosen && (
      <div
        id={listId}
        role="listbox"
        aria-label="People to mention"
        className="mt-1 rounded-control border border-edge bg-sheet p-1"
      >
        {offered.map((person) => (
          <button
            key={person.id}
            type="button"
            id={`${listId}-${person.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={person === chosen}
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => take(person)}
            className="flex min-h-8 w-full items-center text-left gap-2 rounded-control px-1.5 hover:bg-band-2 aria-selected:bg-band-2 pointer-coarse:min-h-11"
          >
            <Stamp person={{ ...person, you: false, activity: 'active', stale: false }} size="s" />
            <span className="min-w-0 truncate">{person.name}</span>
          </button>
        ))}
      </div>
    )
  }
}

/** Tells the readers of a thread that something is being written to it, until 5 s have gone by without a key. */
const useWritingTold = (thread: string | null) => {
  const publish = useUpdateMyPresence()
  const ending = useRef<(() => void) | null>(null)
  const stop = useCallback(() => {
    if (ending.current === null) return
    ending.current()
    ending.current = null
    publish({ thread: null, isWriting: false })
  }, [publish])
  useEffect(() => stop, [stop])
  return {
    stop,
    writing: () => {
      if (thread === null) return
      ending.current?.()
      ending.current = after(writingMs, stop)
      publish({ thread, isWriting: true })
    }
  }
}
