import type { Person } from './person.ts'
import { Popover } from './popover.tsx'
import { Stamp } from './stamp.tsx'
import { countOf } from './time-words.ts'

const stampsMax = 5
const listId = 'people'
/** Tells that an element belongs to the people. */
export const peopleMark = 'data-people'

/** Who is here: yourself first, then the latest active; a press on somebody follows them. On phones one stamp with the number. */
export function People({ people, following, onFollow, children }: PeopleProps) {
  const shown = people.slice(0, stampsMax)
  const more = people.length - shown.length
  const countHere = `${countOf(people.length, 'person is', 'people are')} here`
  return (
    <>
      <ul aria-label={countHere} {...{ [peopleMark]: true }} className="flex gap-[3px]">
        {shown.map((person) => (
          <li key={person.id} className="hidden desk:block">
            <PersonButton person={person} following={following === person.id} onFollow={onFollow} />
          </li>
        ))}
        <li className={more > 0 ? '' : 'desk:hidden'}>
          <button
            type="button"
            popoverTarget={listId}
            aria-label={`${countHere}. Show them`}
            className="grid size-control place-items-center rounded-control desk:size-7"
          >
            <span className="grid size-7 place-items-center rounded-control bg-band-2 text-xs/none font-name text-ink-2">
              <span className="desk:hidden">{people.length}</span>
              <span className="max-desk:hidden">+{more}</span>
            </span>
          </button>
        </li>
      </ul>
      <Popover id={listId} label="People here" className="w-80">
        <ul className="grid" {...{ [peopleMark]: true }}>
          {people.map((person) => (
            <li key={person.id} className="flex min-h-13 items-center gap-3">
              <Stamp person={person} />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-name">
                  {person.you ? `${person.name} (you)` : person.name}
                </span>
                <span className="block truncate text-ink-2">{whereabouts(person)}</span>
              </span>
              {!person.you && (
                <button
                  type="button"
                  className="h-control rounded-control px-2 font-label text-ink-2 hover:bg-band-2 hover:text-ink"
                  popoverTarget={listId}
                  popoverTargetAction="hide"
                  onClick={() => onFollow(following === person.id ? null : person.id)}
                >
                  {following === person.id ? 'Stop following' : 'Follow'}
                  <span className="sr-only"> {person.name}</span>
                </button>
              )}
            </li>
          ))}
        </ul>
        {children}
      </Popover>
    </>
  )
}

export interface PeopleProps {
  /** Yourself first. */
  readonly people: readonly Person[]
  readonly following: string | null
  onFollow(userId: string | null): void
  /** What else stands in the list of people: how to bring more of them here. */
  readonly children?: React.ReactNode
}

function PersonButton({ person, following, onFollow }: PersonButtonProps) {
  const words = [person.name, person.you ? 'you' : '', whereabouts(person)].filter(Boolean).join(', ')
  if (person.you)
    return (
      <span className="group relative block">
        <Stamp person={person} />
        <Tip>{words}</Tip>
      </span>
    )
  return (
    <button
      type="button"
      aria-pressed={following}
      onClick={() => onFollow(following ? null : person.id)}
      className={`group relative block rounded-control ${following ? 'outline-2 outline-offset-2 outline-ink' : ''}`}
    >
      <Stamp person={person} />
      <Tip>{`${words}. ${following ? 'Stop following' : 'Follow'}`}</Tip>
    </button>
  )
}

interface PersonButtonProps {
  readonly person: Person
  readonly following: boolean
  onFollow(userId: string | null): void
}

const whereabouts = (person: Person): string => {
  if (person.stale) return 'connection lost'
  if (person.activity === 'away') return 'away'
  return person.where ?? ''
}

/** The name of what it lies in, for screen readers; shown to those who point or focus. */
function Tip({ children }: { children: string }) {
  return (
    <span className="pointer-events-none absolute top-full right-0 z-10 mt-2 rounded-control bg-ink px-2 py-1 text-left text-xs whitespace-nowrap text-paper opacity-0 group-hover:opacity-100 group-focus-visible:opacity-100">
      {children}
    </span>
  )
}
