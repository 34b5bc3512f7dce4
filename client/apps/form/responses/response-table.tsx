import { useState } from 'react'
import { Link } from 'wouter'
import type { Field } from '../../../../schema/kinds/form-answers.ts'
import { Button } from '../../ui/button.tsx'
import { KeepPlace } from '../../ui/keep-place.tsx'
import { countOf, numberOf } from '../../ui/time-words.ts'
import { useNow } from '../../ui/timers.ts'
import { isFigure } from './answer-words.ts'
import { SentCell } from './sent-cell.tsx'
import type { Row } from './table-data.ts'

export interface ResponseTableProps {
  readonly columns: readonly Field[]
  readonly rows: readonly Row[]
  /** The address of one response. */
  hrefOf(id: string): string
}

const shownFirst = 200

/** A row for each response: a table where there is room, else cards. */
export function ResponseTable({ columns, rows, hrefOf }: ResponseTableProps) {
  const [shown, setShown] = useState(shownFirst)
  const more = rows.length - shown
  const visible = rows.slice(0, shown)
  return (
    <KeepPlace>
      <Table columns={columns} rows={visible} hrefOf={hrefOf} />
      <Cards columns={columns} rows={visible} hrefOf={hrefOf} />
      {more > 0 && (
        <Button className="mt-4" onClick={() => setShown(shown + shownFirst)}>
          Show {countOf(Math.min(more, shownFirst), 'more response')}
        </Button>
      )}
    </KeepPlace>
  )
}

function Table({ columns, rows, hrefOf }: ResponseTableProps) {
  const now = useNow(60_000)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what is wider than the screen is scrolled by key
    <section aria-label="Responses" tabIndex={0} className="overflow-x-auto max-desk:hidden">
      <table className="w-full text-left text-sm">
        <thead>
          <tr className="border-b border-ink [&_th]:h-8.5 [&_th]:pr-4 [&_th]:align-middle [&_th]:font-label [&_th]:text-ink-2">
            <th scope="col">Name</th>
            {columns.map((field) => (
              <th
                key={field.id}
                scope="col"
                className={`max-w-48 truncate ${isFigure(field) ? 'text-right' : ''}`}
                title={field.label}
              >
                {field.key || field.label || 'Untitled question'}
              </th>
            ))}
            <th scope="col">Sent</th>
            <th scope="col" className="text-right">
              Entry
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ response, name, answers }) => (
            <tr
              key={response.id}
              data-row
              className={`relative border-b border-rule [&_td]:h-8.5 [&_td]:pr-4 ${response.filling ? 'bg-band' : 'hover:bg-band'}`}
            >
              <td className="max-w-48 truncate">
                <Link
                  href={hrefOf(response.id)}
                  className={`no-underline after:absolute after:inset-0 hover:underline ${response.filling ? 'font-name' : ''}`}
                >
                  {name}
                </Link>
              </td>
              {columns.map((field) => (
                <td key={field.id} className={`max-w-56 truncate ${isFigure(field) ? 'text-right' : ''}`}>
                  <Answered
                    words={answers.get(field.id)?.parts.join(', ')}
                    name={name}
                    isFilling={response.filling !== null}
                  />
                </td>
              ))}
              <td className="whitespace-nowrap">
                <SentCell response={response} now={now} />
              </td>
              <td className="text-right text-ink-3">{numberOf(response.head)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

interface AnsweredProps {
  readonly words: string | undefined
  readonly name: string
  readonly isFilling: boolean
}

/** What stands in the row as the name already is not written out again, except for those who listen. */
function Answered({ words, name, isFilling }: AnsweredProps) {
  if (words === undefined) return <span className="text-ink-3">{isFilling ? '…' : ''}</span>
  if (words !== name) return words
  return (
    <span title={words} className="text-ink-3">
      <span aria-hidden="true">″</span>
      <span className="sr-only">{words}</span>
    </span>
  )
}

function Cards({ columns, rows, hrefOf }: ResponseTableProps) {
  const now = useNow(60_000)
  return (
    <ul className="border-t border-ink desk:hidden">
      {rows.map(({ response, name, answers }) => (
        <li key={response.id} data-row className="border-b border-rule">
          <Link
            href={hrefOf(response.id)}
            className={`grid min-h-16 grid-cols-[minmax(0,1fr)_auto] content-center gap-x-3 py-2 no-underline ${response.filling ? 'bg-band' : ''}`}
          >
            <span className="truncate font-name">{name}</span>
            <span className="text-sm">
              <SentCell response={response} now={now} />
            </span>
            <span className="col-span-2 truncate text-sm text-ink-2">
              {columns
                .flatMap(({ id }) => answers.get(id)?.parts.join(', ') ?? [])
                .filter((words) => words !== name)
                .join(' · ') || 'No answer yet'}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  )
}
