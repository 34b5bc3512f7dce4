import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { useSearchParams } from 'wouter'
import { useClient, useStore } from '../../../react/index.ts'
import type { Store } from '../../../store.ts'
import { Refusal } from '../../api.ts'
import { useVisitor } from '../../entrance.tsx'
import { Button } from '../../ui/button.tsx'
import { countOf, numberOf } from '../../ui/time-words.ts'
import { useRights, useStorage } from '../form-room.ts'
import { FormFrame, untitled } from '../frame.tsx'
import { useAskWhom } from '../roles.ts'
import { LinkRow } from '../share/links.tsx'
import { csvOf } from './csv.ts'
import { download, fileName } from './download.ts'
import { OneResponse } from './one-response.tsx'
import { type Responses as Listing, nothingRead, ResponseFeed } from './response-feed.ts'
import { ResponseTable } from './response-table.tsx'
import { columnsOf, type Row, talliesOf, toRows } from './table-data.ts'
import { Tallies } from './tallies.tsx'

/** What came of a form: for those who may edit it. */
export function Responses({ id }: { id: string }) {
  const mayWrite = useRights()?.mayWrite ?? false
  return mayWrite ? <Reviewed id={id} /> : <NotYours id={id} />
}

function NotYours({ id }: { id: string }) {
  const whom = useAskWhom()
  return (
    <FormFrame id={id}>
      <Main>
        <h2 className="text-xl font-name tracking-heading">The responses are not open to you.</h2>
        <p className="mt-1 text-ink-2">Owners and editors of the form read them. {whom} can make you one.</p>
      </Main>
    </FormFrame>
  )
}

function Reviewed({ id }: { id: string }) {
  const listing = useFeed(id)
  const [search] = useSearchParams()
  const open = search.get('response')
  const sent = listing.responses.filter(({ given }) => given.status.state !== 'draft').length
  const base = `/form/${encodeURIComponent(id)}/responses`
  return (
    <FormFrame id={id} sent={listing.reading === null ? sent : null}>
      <Main>
        {open === null ? (
          <List id={id} listing={listing} hrefOf={(one) => `${base}?response=${encodeURIComponent(one)}`} />
        ) : (
          <OneResponse key={open} id={open} formId={id} back={base} />
        )}
      </Main>
    </FormFrame>
  )
}

const Main = ({ children }: { children: ReactNode }) => (
  <main id="content" className="px-4 pt-5 pb-32 desk:px-5">
    {children}
  </main>
)

const useFeed = (id: string): Listing => {
  const client = useClient()
  const { token } = useVisitor().identity
  const [feed, setFeed] = useState<Store<Listing>>(unread)
  useEffect(() => {
    const begun = new ResponseFeed({ client, token, id })
    setFeed(begun)
    return () => begun.end()
  }, [client, token, id])
  return useStore(feed)
}

const unread: Store<Listing> = { get: () => nothingRead, subscribe: () => () => undefined }

interface ListProps {
  readonly id: string
  readonly listing: Listing
  hrefOf(response: string): string
}

function List({ id, listing, hrefOf }: ListProps) {
  const form = useStorage()
  const [filter, setFilter] = useState<Filter>('all')
  const rows = useMemo(() => toRows(listing, form), [listing, form])
  const columns = useMemo(() => columnsOf(form, listing, rows), [form, listing, rows])
  const tallies = useMemo(() => talliesOf(form, columns, rows), [form, columns, rows])
  const { reading, problem } = listing
  const shown = rows.filter((row) => isIn(row, filter))
  if (reading !== null && problem === null) return <Reading {...reading} />
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <Figures rows={rows} />
        {rows.length > 0 && (
          <>
            <FilterBy filter={filter} rows={rows} onChange={setFilter} />
            <Button
              onClick={() =>
                download(fileName(form.title || untitled, 'csv'), csvOf(columns, shown), 'text/csv')
              }
            >
              Export CSV
            </Button>
          </>
        )}
      </div>
      {problem !== null && (
        <p role="alert" className="mb-3 text-need">
          {wordsFor(problem)}
        </p>
      )}
      {rows.length === 0 ? (
        problem === null && <NoneYet id={id} />
      ) : (
        <>
          <Tallies tallies={tallies} />
          <div className="pt-4">
            <ResponseTable columns={columns} rows={shown} hrefOf={hrefOf} />
            {shown.length === 0 && <p className="py-3 text-ink-2">No response is in this state.</p>}
          </div>
        </>
      )}
    </>
  )
}

/** How many, whatever the filter. */
function Figures({ rows }: { rows: readonly Row[] }) {
  const sent = rows.filter((row) => row.response.given.status.state !== 'draft').length
  const filling = rows.filter((row) => row.response.filling !== null).length
  return (
    <p className="mr-auto text-ink-2">
      <b className="font-name text-ink">{numberOf(sent)} sent</b>
      {filling > 0 && ` · ${numberOf(filling)} being filled in now`}
    </p>
  )
}

const filters = {
  all: 'All',
  draft: 'Not sent',
  submitted: 'Sent, not reviewed',
  reviewed: 'Reviewed'
} as const
type Filter = keyof typeof filters

const isIn = ({ response }: Row, filter: Filter): boolean =>
  filter === 'all' || response.given.status.state === filter

interface FilterByProps {
  readonly filter: Filter
  readonly rows: readonly Row[]
  onChange(filter: Filter): void
}

function FilterBy({ filter, rows, onChange }: FilterByProps) {
  const isFilter = (value: string): value is Filter => value in filters
  return (
    <label className="flex items-center gap-2 text-sm">
      <span className="sr-only">Show</span>
      <select
        value={filter}
        onChange={({ target: { value } }) => isFilter(value) && onChange(value)}
        className="h-control rounded-control border border-edge bg-sheet px-2 font-label"
      >
        {Object.entries(filters).map(([value, words]) => (
          <option key={value} value={value}>
            {words} · {numberOf(rows.filter((row) => isFilter(value) && isIn(row, value)).length)}
          </option>
        ))}
      </select>
    </label>
  )
}

function Reading({ done, of }: { done: number; of: number }) {
  return (
    <div aria-busy="true">
      <p className="skeleton-late text-ink-2">
        {of === 0
          ? 'Reading the responses.'
          : `Reading ${countOf(of, 'response')}: ${numberOf(done)} are here.`}
      </p>
      <div aria-hidden="true" className="skeleton skeleton-late mt-8 grid">
        {[42, 30, 36, 24].map((width) => (
          <div key={width} className="flex h-8.5 items-center border-b border-rule">
            <i className="block h-2.5 rounded-[3px] bg-band-2" style={{ width: `${width}%` }} />
          </div>
        ))}
      </div>
    </div>
  )
}

function NoneYet({ id }: { id: string }) {
  return (
    <div className="max-w-[600px] border-t border-rule pt-4">
      <p className="mb-4">
        No response yet. Send this link to those who shall answer: each of them fills in a form of their own,
        and you see it here while they do.
      </p>
      <LinkRow label="To answer it alone" link={`${location.origin}/respond/${encodeURIComponent(id)}`} />
    </div>
  )
}

/** @throws whatever is no answer of the server */
const wordsFor = (problem: unknown): string => {
  if (problem instanceof Refusal)
    return problem.code === 'forbidden'
      ? 'The responses are not open to you any more.'
      : `The server refused: ${problem.message}.`
  // What `fetch` throws when nobody answers.
  if (problem instanceof TypeError) return 'The server cannot be reached. What you see may be old.'
  throw problem
}
