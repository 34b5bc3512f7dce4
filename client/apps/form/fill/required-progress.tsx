import type { Progress } from '../../../../schema/kinds/form-answers.ts'
import { countOf } from '../../ui/time-words.ts'

/** One tick for each required answer, green once it is there. */
export function RequiredProgress({ progress: { required, requiredAnswered: done } }: { progress: Progress }) {
  if (required === 0) return <div className="mt-3 border-b border-rule" />
  return (
    <div className="sticky top-head z-10 mt-1 flex items-center gap-3 border-b border-rule bg-paper py-2.5 text-sm">
      <span aria-hidden="true" className="flex min-w-0 flex-1 gap-[3px]">
        {Array.from({ length: required }, (_, index) => (
          <i
            // biome-ignore lint/suspicious/noArrayIndexKey: the ticks are alike, and stand in a row
            key={index}
            className={`h-1.5 min-w-0 flex-1 rounded-[1px] ${index < done ? 'bg-log' : 'bg-band-2'}`}
          />
        ))}
      </span>
      <span>
        {done} of {countOf(required, 'required answer')}
      </span>
    </div>
  )
}
