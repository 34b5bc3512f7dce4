import { type RefCallback, useCallback, useMemo } from 'react'
import type { LiveStorage, LiveText } from '../../schema/live-storage.ts'
import type { StorageShape } from '../../schema/storage-words.ts'
import type { User } from '../presence.ts'
import type { Room } from '../room.ts'
import type { Store } from '../store.ts'
import { bindText, type TextElement } from '../text-binding.ts'
import { caretIn, type TextRange, toCaret } from '../text-carets.ts'
import { useSelected, useStore } from './use-store.ts'

/** Where others have their cursor or selection in a text: UTF-16 offsets, as the DOM counts. */
export interface TextCaret<P, R extends string> extends TextRange {
  readonly user: User<P, R>
}

export interface BoundText<P, R extends string> {
  /** For an `<input>` or `<textarea>` without `value`: it shows the text, sends what is typed, keeps the selection. */
  readonly ref: RefCallback<TextElement>
  readonly value: string
  readonly carets: readonly TextCaret<P, R>[]
}

/** Publishes the own caret where the kind's presence has a `caret`. */
export const useRoomText = <St extends StorageShape, P, R extends string>(
  room: Room<St, P, R>,
  select: (root: LiveStorage<St>) => LiveText | undefined
): BoundText<P, R> => {
  const text = useSelected(room.snapshot, () => select(room.storage), isSameText)
  const value = useStore(useMemo(() => contentOf(text), [text]))
  const others = useStore(room.others)

  const ref = useCallback(
    (element: TextElement | null) => {
      if (element === null || text === undefined) return
      const allow = (): void => {
        element.readOnly = !room.can('write', text.name)
      }
      allow()
      const stopAllowing = room.rights.subscribe(allow)
      const untie = bindText({
        element,
        text,
        selected: (range) => publishCaret(room, text, range),
        undo: room.history.undo,
        redo: room.history.redo
      })
      return () => {
        stopAllowing()
        untie()
      }
    },
    [room, text]
  )
  // A caret moves with the text as well as by itself.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the value stands for the text's content
  const carets = useMemo(() => (text === undefined ? [] : caretsIn(text, others)), [text, others, value])
  return { ref, value, carets }
}

const isSameText = (a: LiveText | undefined, b: LiveText | undefined): boolean => a?.y === b?.y

const contentOf = (text: LiveText | undefined): Store<string> => ({
  get: () => text?.toString() ?? '',
  subscribe: (listener) => {
    text?.y.observe(listener)
    return () => text?.y.unobserve(listener)
  }
})

const caretsIn = <P, R extends string>(
  text: LiveText,
  others: readonly User<P, R>[]
): readonly TextCaret<P, R>[] =>
  others.flatMap((user) => {
    const range = user.stale ? null : caretIn(text, user.presence)
    return range === null ? [] : [{ user, ...range }]
  })

const publishCaret = <St extends StorageShape, P, R extends string>(
  room: Room<St, P, R>,
  text: LiveText,
  range: TextRange | null
): void => {
  const presence = room.presence.get()
  if (typeof presence !== 'object' || presence === null || !('caret' in presence)) return
  const caret = range === null ? null : toCaret(text, range)
  // A presence that has a `caret` has it of the form that schema/presence.ts gives it.
  room.updatePresence({ caret } as unknown as Partial<P>)
}
