import { X } from 'lucide-react'
import { type FocusEvent, useEffect, useEffectEvent, useRef, useState } from 'react'
import { useAnnounce } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { KeepPlace } from '../../ui/keep-place.tsx'
import { useNow } from '../../ui/timers.ts'
import { useStorage as useForm } from '../form-room.ts'
import { useNames } from '../names.tsx'
import { useChange } from './change.ts'
import { beginningAnchor, panelId, useCommentsPlace } from './comments-place.tsx'
import { useCan, useSelf } from './comments-room.tsx'
import { Composer } from './composer.tsx'
import { NotSent } from './not-sent.tsx'
import { newestOf, useTalk } from './talk.ts'
import { ThreadBlock, TopicLink } from './thread.tsx'
import { type TopicThread, topicOf, useTopics } from './topics.ts'

const listId = 'threads'

/** Everything that is said, in the order of the form. */
export function Threads() {
  const { threads } = useTalk()
  const topics = useTopics(threads)
  const now = useNow(60_000)
  const mayComment = useCan('comment')
  const { beginning } = useCommentsPlace()
  // Somebody else may settle what one is writing to: it stays in its place until one leaves it.
  const [held, setHeld] = useState<string | null>(null)
  const leaving = {
    onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
      if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) setHeld(null)
    }
  }
  const isShown = ({ thread }: TopicThread) => !thread.isResolved || thread.id === held
  const open = topics.filter(isShown)
  const resolved = topics.filter((topic) => !isShown(topic))
  useCommentsSaid(topics)
  const block = ({ thread, topic }: TopicThread) => (
    <ThreadBlock
      key={thread.id}
      thread={thread}
      topic={topic}
      now={now}
      isHeld={thread.id === held}
      onHold={() => setHeld(thread.isResolved ? held : thread.id)}
    />
  )
  return (
    <>
      <PanelHead count={topics.filter(({ thread }) => !thread.isResolved).length} />
      <div id={listId} className="min-h-0 flex-1 overflow-auto" {...leaving}>
        <KeepPlace scroller={`#${listId}`}>
          <div className="pb-[40dvh]">
            <NotSent />
            {beginning !== null && mayComment && <NewThread key={beginning} path={beginning} />}
            {open.map(block)}
            {topics.length === 0 && beginning === null && (
              <p className="px-4 py-3 text-ink-2">
                {mayComment
                  ? 'Comments on questions appear here. The sign at the right of a question begins one.'
                  : 'Comments on questions appear here.'}
              </p>
            )}
            {resolved.length > 0 && (
              <details>
                <summary className="flex min-h-control items-center px-4 text-xs font-label text-ink-2 -outline-offset-2">
                  {resolved.length} resolved
                </summary>
                {resolved.map(block)}
              </details>
            )}
          </div>
        </KeepPlace>
      </div>
    </>
  )
}

function PanelHead({ count }: { count: number }) {
  const { begin } = useCommentsPlace()
  return (
    <div className="flex h-10.5 flex-none items-center border-b border-rule px-4 max-desk:h-13">
      <h2 className="relative flex h-full items-center gap-1.5 font-label after:absolute after:inset-x-0 after:bottom-0 after:h-0.5 after:bg-ink">
        Comments {count > 0 && <span className="font-normal text-ink-3">{count}</span>}
      </h2>
      <span className="flex-1" />
      <Button
        look="bare"
        square
        popoverTarget={panelId}
        popoverTargetAction="hide"
        aria-label="Close the comments"
        className="desk:hidden"
        onClick={() => begin(null)}
      >
        <Icon of={X} />
      </Button>
    </div>
  )
}

/** The first comment of a thread, which is made with it. */
function NewThread({ path }: { path: string }) {
  const form = useForm()
  const { begin, show } = useCommentsPlace()
  const change = useChange()
  const topic = topicOf(path, form)
  const opener = useRef(document.activeElement)
  const cancel = () => {
    begin(null)
    if (opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true })
  }
  const send = (text: string, mentions: string[]): boolean => {
    let thread = ''
    const taken = change(({ threads, comments }, at) => {
      thread = threads.insert({ anchor: { path }, at })
      comments.insert({ thread, text, at, mentions })
    })
    if (taken) {
      begin(null)
      show(thread)
    }
    return taken
  }
  return (
    <section
      id={beginningAnchor}
      data-row
      aria-label={`A comment on ${topic.words}`}
      className="border-b border-rule px-4 pt-3 pb-3.5"
    >
      <p className="mb-1 truncate text-xs font-label text-ink-2">
        <TopicLink topic={topic} />
      </p>
      <Composer
        label={`Comment on ${topic.words}`}
        verb="Comment"
        placeholder="Say what you think of it"
        draft={`new ${path}`}
        thread={null}
        focused
        onSend={send}
        onCancel={cancel}
      />
    </section>
  )
}

/** Tells a screen reader of what others say, once it is there. */
const useCommentsSaid = (topics: readonly TopicThread[]): void => {
  const announce = useAnnounce()
  const nameOf = useNames()
  const self = useSelf((user) => user?.id)
  const newest = Math.max(0, ...topics.map(({ thread }) => newestOf(thread)))
  const said = useRef<number | null>(null)
  const say = useEffectEvent(() => {
    const from = said.current ?? newest
    said.current = newest
    const words = topics.flatMap(({ thread: { comments }, topic }) =>
      comments
        .filter(({ at, author }) => at > from && author !== self)
        .map(({ author }) => `${nameOf(author).name} commented on ${topic.words}`)
    )
    if (words.length > 0) announce(words.join('. '))
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is newest is what there is to say
  useEffect(() => say(), [newest])
}
