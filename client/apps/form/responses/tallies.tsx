import { numberOf } from '../../ui/time-words.ts'
import type { Tally } from './table-data.ts'

/** How often each answer was given: a bar and its number. */
export function Tallies({ tallies }: { tallies: readonly Tally[] }) {
  if (tallies.length === 0) return null
  return (
    <div className="grid border-t border-rule desk:grid-cols-[repeat(auto-fit,minmax(250px,1fr))]">
      {tallies.map(({ field, counts }) => {
        const most = Math.max(1, ...counts.map(({ count }) => count))
        return (
          <section
            key={field.id}
            className="border-b border-rule py-4 desk:border-r desk:px-5 desk:first:pl-0 desk:last:border-r-0"
          >
            <h2 className="mb-2 text-xs font-label wrap-anywhere text-ink-2">
              {field.label || 'Untitled question'}
            </h2>
            <dl className="grid gap-1">
              {counts.map(({ words, count }) => (
                <div
                  key={words}
                  className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)_2.5rem] items-center gap-2 text-sm"
                >
                  <dt className="truncate" title={words}>
                    {words}
                  </dt>
                  <dd className="contents">
                    <i
                      aria-hidden="true"
                      className="block h-2 rounded-[1px] bg-ink"
                      style={{ width: `${(100 * count) / most}%` }}
                    />
                    <b className="text-right font-name">{numberOf(count)}</b>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        )
      })}
    </div>
  )
}
