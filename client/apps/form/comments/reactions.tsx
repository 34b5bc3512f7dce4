import {
  createLucideIcon,
  Frown,
  Heart,
  Laugh,
  type LucideIcon,
  PartyPopper,
  SmilePlus,
  ThumbsUp
} from 'lucide-react'
import { useId, useState } from 'react'
import { type Comment, type Reaction, reactionKey, reactions } from '../../../../schema/kinds/comments.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { firstNameOf } from '../../ui/person.ts'
import { closePopover } from '../../ui/popover.tsx'
import { useNames } from '../names.tsx'
import { useChange } from './change.ts'
import { useSelf } from './comments-room.tsx'

/** Drawn as the others are: the set has no face that is surprised. */
const Surprised = createLucideIcon('face-surprised', [
  ['circle', { cx: '12', cy: '12', r: '10', key: 'face' }],
  ['path', { d: 'M9 9h.01', key: 'left' }],
  ['path', { d: 'M15 9h.01', key: 'right' }],
  ['circle', { cx: '12', cy: '15.5', r: '1.75', key: 'mouth' }]
])

const looks: Readonly<Record<Reaction, { readonly icon: LucideIcon; readonly words: string }>> = {
  'thumbs-up': { icon: ThumbsUp, words: 'Thumbs up' },
  heart: { icon: Heart, words: 'Heart' },
  laugh: { icon: Laugh, words: 'Laugh' },
  surprised: { icon: Surprised, words: 'Surprised' },
  sad: { icon: Frown, words: 'Sad' },
  celebrate: { icon: PartyPopper, words: 'Celebrate' }
}

const namedMax = 3

const useReact = (comment: Comment) => {
  const self = useSelf((user) => user?.id) ?? ''
  const change = useChange()
  return {
    isMine: (reaction: Reaction) => comment.reactions.get(reaction)?.includes(self) ?? false,
    toggle: (reaction: Reaction) =>
      change(({ reactions }) => {
        const key = reactionKey(self, comment.id, reaction)
        if (reactions.get(key) === undefined) reactions.set(key, true)
        else reactions.remove(key)
      })
  }
}

/** What was given, with the names of those who gave it; a press gives the same, or takes it back. */
export function Reactions({ comment, mayComment }: { comment: Comment; mayComment: boolean }) {
  const nameOf = useNames()
  const { isMine, toggle } = useReact(comment)
  if (comment.reactions.size === 0) return null
  return (
    <ul
      aria-label="Reactions"
      className="mt-1.5 flex flex-wrap gap-1 pointer-coarse:my-2.5 pointer-coarse:gap-y-3"
    >
      {reactions.map((reaction) => {
        const given = comment.reactions.get(reaction)
        if (given === undefined) return null
        const { icon, words } = looks[reaction]
        const names = namesOf(given.map(nameOf))
        const look = `inline-flex min-h-5.5 items-center gap-1.5 rounded-[4px] border px-1.5 text-xs text-ink-2 ${isMine(reaction) ? 'border-edge bg-band-2' : 'border-rule'}`
        return (
          <li key={reaction}>
            {mayComment ? (
              <button
                type="button"
                aria-label={`${words}: ${names}`}
                aria-pressed={isMine(reaction)}
                onClick={() => toggle(reaction)}
                className={`${look} relative hover:bg-band-2 after:absolute after:inset-x-0 pointer-coarse:min-h-8 pointer-coarse:min-w-11 pointer-coarse:justify-center pointer-coarse:px-2.5 pointer-coarse:after:-inset-y-1.5`}
              >
                <Icon of={icon} className="size-3.5" />
                {names}
              </button>
            ) : (
              <span className={look}>
                <Icon of={icon} className="size-3.5" />
                <span className="sr-only">{words}: </span>
                {names}
              </span>
            )}
          </li>
        )
      })}
    </ul>
  )
}

const namesOf = (people: readonly { readonly name: string; readonly you: boolean }[]): string => {
  const names = [...people]
    .sort((a, b) => Number(b.you) - Number(a.you))
    .map(({ name, you }) => (you ? 'You' : firstNameOf(name)))
  const more = names.length - namedMax
  return more > 0 ? `${names.slice(0, namedMax).join(', ')} and ${more} more` : names.join(', ')
}

/** The six of them, to choose from. */
export function ReactButton({ comment, author }: { comment: Comment; author: string }) {
  const { isMine, toggle } = useReact(comment)
  const [isOpen, setOpen] = useState(false)
  const panelId = useId()
  return (
    <>
      <Button look="bare" square popoverTarget={panelId} aria-label={`React to ${author}`}>
        <Icon of={SmilePlus} />
      </Button>
      <section
        id={panelId}
        popover="auto"
        aria-label={`Reactions to ${author}`}
        onBeforeToggle={(event) => setOpen(event.newState === 'open')}
        className="anchored opening rounded-pop bg-sheet p-1 text-sm text-ink shadow-pop"
      >
        <span className="flex">
          {isOpen &&
            reactions.map((reaction) => (
              <Button
                key={reaction}
                look="bare"
                square
                aria-label={looks[reaction].words}
                title={looks[reaction].words}
                aria-pressed={isMine(reaction)}
                className="aria-pressed:bg-band-2"
                onClick={() => {
                  closePopover(panelId)
                  toggle(reaction)
                }}
              >
                <Icon of={looks[reaction].icon} />
              </Button>
            ))}
        </span>
      </section>
    </>
  )
}
