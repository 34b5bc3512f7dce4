import { Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { flushSync } from 'react-dom'
import type { Comment } from '../../../../schema/kinds/comments.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Stamp } from '../../ui/stamp.tsx'
import { momentOf } from '../../ui/time-words.ts'
import { useToast } from '../../ui/toast.tsx'
import { useNames } from '../names.tsx'
import { useChange } from './change.ts'
import { useCan, useHistory } from './comments-room.tsx'
import { Composer } from './composer.tsx'
import { piecesOf } from './mentions.ts'
import { ReactButton, Reactions } from './reactions.tsx'

export interface CommentBlockProps {
  readonly comment: Comment
  readonly now: Date
  /** The focus goes there once the comment is gone. */
  onRemoved(): void
}

/** What somebody said, when, and what others made of it. */
export function CommentBlock({ comment, now, onRemoved }: CommentBlockProps) {
  const { id, author, at, editedAt, text } = comment
  const { name, you } = useNames()(author)
  const mayComment = useCan('comment')
  const [isEdited, setEdited] = useState(false)
  const date = new Date(at)
  const leave = () => {
    flushSync(() => setEdited(false))
    document.getElementById(editButton(id))?.focus({ preventScroll: true })
  }
  return (
    <li className="group/comment relative mt-2.5 grid grid-cols-[20px_minmax(0,1fr)] gap-x-2.5">
      <span className="mt-px">
        <Stamp person={{ id: author, name, you, activity: 'active', stale: false }} size="s" />
      </span>
      <div className="min-w-0">
        <p className="pr-24 leading-5">
          <b className="font-name">{you ? 'You' : name}</b>
          <time dateTime={date.toISOString()} className="ml-1.5 text-xs text-ink-3">
            {momentOf(date, now)}
            {editedAt !== null && ', edited'}
          </time>
        </p>
        {isEdited ? (
          <EditComment comment={comment} onDone={leave} />
        ) : (
          <p className="wrap-anywhere whitespace-pre-wrap">
            <Said text={text} mentions={comment.mentions} />
          </p>
        )}
        <Reactions comment={comment} mayComment={mayComment} />
      </div>
      {mayComment && !isEdited && (
        <CommentTools comment={comment} onEdit={() => setEdited(true)} onRemoved={onRemoved} />
      )}
    </li>
  )
}

const editButton = (id: string): string => `edit-${id}`

/** The text of a comment; whom it names stands out. */
function Said({ text, mentions }: { text: string; mentions: readonly string[] }) {
  const nameOf = useNames()
  return piecesOf(
    text,
    mentions.map((id) => ({ id, name: nameOf(id).name }))
  ).map(({ at, text, isMention }) =>
    isMention ? (
      <b key={at} className="font-name">
        {text}
      </b>
    ) : (
      <span key={at}>{text}</span>
    )
  )
}

function EditComment({ comment, onDone }: { comment: Comment; onDone(): void }) {
  const change = useChange()
  const save = (text: string, mentions: string[]): boolean => {
    const taken = change(({ comments }, at) => {
      if (text === comment.text) return
      comments.get(comment.id)?.text.replace(text)
      comments.update(comment.id, { editedAt: at, mentions })
    })
    if (taken) onDone()
    return taken
  }
  return (
    <Composer
      label="Your comment"
      verb="Save"
      placeholder=""
      draft={`edit ${comment.id}`}
      initial={comment.text}
      thread={null}
      focused
      onSend={save}
      onCancel={onDone}
    />
  )
}

interface CommentToolsProps {
  readonly comment: Comment
  onEdit(): void
  onRemoved(): void
}

/** They come with the pointer or the focus; on touch they are always there. */
function CommentTools({ comment, onEdit, onRemoved }: CommentToolsProps) {
  const { id, author } = comment
  const { name, you } = useNames()(author)
  const mayRemove = useCan('write', `comments/${id}`)
  const remove = useRemove(comment, onRemoved)
  const whose = you ? 'your comment' : `the comment of ${name}`
  return (
    <span className="absolute -top-1.5 right-0 flex opacity-0 group-focus-within/comment:opacity-100 group-hover/comment:opacity-100 pointer-coarse:-top-3 pointer-coarse:opacity-100">
      <ReactButton comment={comment} author={you ? 'your comment' : name} />
      {you && (
        <Button look="bare" square id={editButton(id)} aria-label="Edit your comment" onClick={onEdit}>
          <Icon of={Pencil} />
        </Button>
      )}
      {mayRemove && (
        <Button look="bare" square aria-label={`Remove ${whose}`} onClick={remove}>
          <Icon of={Trash2} />
        </Button>
      )}
    </span>
  )
}

const useRemove = ({ id }: Comment, onRemoved: () => void) => {
  const change = useChange()
  const toast = useToast()
  const { undo } = useHistory()
  return () => {
    let taken = false
    flushSync(() => {
      taken = change(({ comments }) => comments.remove(id))
    })
    if (!taken) return
    onRemoved()
    toast({ text: 'Removed the comment.', action: { label: 'Undo', run: () => void undo() } })
  }
}
