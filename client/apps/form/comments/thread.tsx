import { Check, RotateCcw } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { Thread } from '../../../../schema/kinds/comments.ts'
import { after } from '../../../clock.ts'
import { shallow } from '../../../react/index.ts'
import { bringIntoSight } from '../../ui/bring-into-sight.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { firstNameOf } from '../../ui/person.ts'
import { closePopover } from '../../ui/popover.tsx'
import { Stamp } from '../../ui/stamp.tsx'
import { useNames } from '../names.tsx'
import { questionAnchor } from '../whereabouts.ts'
import { useChange } from './change.ts'
import { CommentBlock } from './comment.tsx'
import { panelId, threadAnchor, useCommentsPlace } from './comments-place.tsx'
import { useCan, useOthers, useSelf, useStorage } from './comments-room.tsx'
import { Composer } from './composer.tsx'
import { newestOf } from './talk.ts'
import type { Topic } from './topics.ts'

/** So long in sight, a thread has been read. */
const readMs = 3000

export interface ThreadBlockProps {
  readonly thread: Thread
  readonly topic: Topic
  readonly now: Date
  /** The focus is in it, so it stays as it is, whatever others do to it. */
  readonly isHeld: boolean
  onHold(): void
}

/** One conversation about a question. */
export function ThreadBlock({ thread, topic, now, isHeld, onHold }: ThreadBlockProps) {
  const { id, comments } = thread
  const mayComment = useCan('comment')
  const block = useSeen(thread)
  const begin = () => block.current?.focus({ preventScroll: true })
  return (
    <section
      ref={block}
      id={threadAnchor(id)}
      data-row
      tabIndex={-1}
      aria-label={`Comments on ${topic.words}`}
      onFocus={onHold}
      className="border-b border-rule px-4 pt-3 pb-3.5 -outline-offset-2"
    >
      <ThreadHead thread={thread} topic={topic} mayComment={mayComment} />
      <ul>
        {comments.map((comment) => (
          <CommentBlock key={comment.id} comment={comment} now={now} onRemoved={begin} />
        ))}
      </ul>
      {mayComment && (isHeld || !thread.isResolved) && <Reply thread={thread} topic={topic} />}
    </section>
  )
}

/** A thread is seen when somebody is in it, or has had it before their eyes for a while. */
const useSeen = (thread: Thread) => {
  const block = useRef<HTMLElement>(null)
  const { see } = useCommentsPlace()
  const newest = newestOf(thread)
  const { id } = thread
  useEffect(() => {
    const element = block.current
    if (element === null) return
    let stop = () => {}
    const read = () => see(id, newest)
    const watch = new IntersectionObserver(
      ([entry]) => {
        stop()
        if (entry?.isIntersecting && document.visibilityState === 'visible') stop = after(readMs, read)
      },
      { threshold: 0.5 }
    )
    watch.observe(element)
    element.addEventListener('focusin', read)
    element.addEventListener('pointerdown', read)
    if (element.contains(document.activeElement)) read()
    return () => {
      stop()
      watch.disconnect()
      element.removeEventListener('focusin', read)
      element.removeEventListener('pointerdown', read)
    }
  }, [id, newest, see])
  return block
}

interface PartProps {
  readonly thread: Thread
  readonly topic: Topic
}

/** What it is about, and whether it is settled. */
function ThreadHead({ thread: { id, isResolved }, topic, mayComment }: PartProps & { mayComment: boolean }) {
  const change = useChange()
  const self = useSelf((user) => user?.id) ?? ''
  const by = useStorage((said) => said.resolutions[id]?.by)
  const nameOf = useNames()
  const set = (isResolved: boolean) =>
    change(({ resolutions }, at) => resolutions.set(id, { isResolved, by: self, at }))
  const resolver = by === undefined ? null : nameOf(by)
  return (
    <div className="flex min-h-6 items-center gap-1.5 text-xs font-label text-ink-2">
      <p className="min-w-0 flex-1 truncate">
        <TopicLink topic={topic} />
        {isResolved && resolver && (
          <span className="font-normal text-ink-3">
            {' '}
            · resolved by {resolver.you ? 'you' : resolver.name}
          </span>
        )}
      </p>
      {mayComment && (
        <Button
          look="bare"
          square
          aria-label={`${isResolved ? 'Reopen' : 'Resolve'} the comments on ${topic.words}`}
          title={isResolved ? 'Reopen' : 'Resolve'}
          className="-my-1 -mr-2"
          onClick={() => set(!isResolved)}
        >
          <Icon of={isResolved ? RotateCcw : Check} />
        </Button>
      )}
    </div>
  )
}

export function TopicLink({ topic }: { topic: Topic }) {
  const { question, label } = topic
  if (question === null) return <span>{label}</span>
  return (
    <a
      href={`#${questionAnchor(question)}`}
      className="text-ink-2 no-underline hover:underline"
      onClick={(event) => {
        event.preventDefault()
        closePopoverIfOpen()
        bringIntoSight(questionAnchor(question))
      }}
    >
      <span className="mr-1.5 text-ink-3">{topic.number}</span>
      {label}
    </a>
  )
}

const closePopoverIfOpen = (): void => {
  if (document.getElementById(panelId)?.popover) closePopover(panelId)
}

/** Who is writing to the thread stands where one's own words will. */
function Reply({ thread: { id }, topic }: PartProps) {
  const change = useChange()
  const writers = useOthers(
    (others) =>
      others.filter(({ presence, stale }) => presence.thread === id && presence.isWriting && !stale),
    shallow
  )
  const send = (text: string, mentions: string[]): boolean =>
    change(({ comments }, at) => comments.insert({ thread: id, text, at, mentions }))
  const first = writers[0]
  const words =
    first &&
    (writers.length === 1
      ? `${firstNameOf(first.info.name)} is writing…`
      : `${writers.length} people are writing…`)
  return (
    <div className="mt-3 flex gap-2 pl-7.5">
      {first && (
        <span className="mt-1.5 -ml-7.5 mr-0.5 pointer-coarse:mt-3">
          <Stamp
            person={{ id: first.id, name: first.info.name, you: false, activity: 'active', stale: false }}
            size="s"
          />
        </span>
      )}
      <Composer
        label={`Reply to the comments on ${topic.words}`}
        verb="Reply"
        placeholder={words ?? 'Reply'}
        draft={`reply ${id}`}
        thread={id}
        aside={words && <span className="text-xs text-ink-3">{words}</span>}
        onSend={send}
      />
    </div>
  )
}
