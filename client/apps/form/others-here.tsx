import { shallow } from '../../react/index.ts'
import { type Person, personColours } from '../ui/person.ts'
import { Stamp } from '../ui/stamp.tsx'
import { useOthers, useStorage } from './form-room.ts'
import { questionOf } from './whereabouts.ts'

/** Those whose cursor is in a question, for whoever looks at its row. */
export function OthersHere({ question }: { question: string }) {
  const options = useStorage((form) => form.options)
  const here = useOthers(
    (others) => others.filter((other) => questionOf(other.presence.focus, { options }) === question),
    shallow
  )
  if (here.length === 0) return null
  return (
    <span className="flex flex-none gap-0.5">
      {here.map((other) => (
        <span key={other.id}>
          <Stamp person={toPerson(other)} size="s" />
          <span className="sr-only">, {other.info.name} is here</span>
        </span>
      ))}
    </span>
  )
}

/** The name of who is in a field, at its corner, and the field's outline in their colour. */
export const useOthersAt = (path: string) =>
  aroundField(useOthers((others) => others.filter((other) => other.presence.focus === path), shallow))

/** The same for those who are known to be there. */
export const aroundField = (there: readonly Named[]) => {
  const first = there[0]
  if (first === undefined) return { style: undefined, className: '', flag: null }
  return {
    style: personColours(first.id),
    className: 'relative outline-2 -outline-offset-1 outline-person',
    flag: (
      <span className="absolute -top-px right-[-1px] z-[2] -translate-y-full rounded-[3px] rounded-br-none bg-person px-1.5 py-[3px] text-2xs/none font-name text-on-person">
        {there.map((other) => other.info.name).join(', ')}
      </span>
    )
  }
}

interface Named {
  readonly id: string
  readonly info: { readonly name: string }
}

interface Other extends Named {
  readonly activity: Person['activity']
  readonly stale: boolean
}

const toPerson = ({ id, info, activity, stale }: Other): Person => ({
  id,
  name: info.name,
  you: false,
  activity,
  stale
})
