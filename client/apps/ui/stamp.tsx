import { initialsOf, type Person, personColours } from './person.ts'

/** Initials in a square: filled while somebody is here, hollow while away, grey while their connection is lost. */
export function Stamp({ person, size = 'm' }: { person: Person; size?: 's' | 'm' }) {
  return (
    <span
      aria-hidden="true"
      style={personColours(person.id)}
      className={`relative inline-grid flex-none place-items-center leading-none font-name ${sizes[size]} ${look(person)}`}
    >
      {initialsOf(person.name)}
    </span>
  )
}

const sizes = {
  s: 'size-5 rounded-[4px] text-2xs/none tracking-[-0.01em]',
  m: 'size-7 rounded-control text-xs/none tracking-[0.01em]'
}

const look = (person: Person): string => {
  if (person.stale) return 'text-ink-3 inset-ring inset-ring-edge'
  if (person.activity === 'away') return 'bg-paper text-ink-2 inset-ring-[1.5px] inset-ring-person'
  return 'bg-person text-on-person'
}
