import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Route, Switch } from 'wouter'
import { Entrance } from './entrance.tsx'
import { FormPage } from './form/form-page.tsx'
import { Reading } from './respond/reading.tsx'
import { Announcer } from './ui/announcer.tsx'
import { Bar } from './ui/bar.tsx'
import { Fault } from './ui/fault.tsx'
import { onDemand, Part, useFetchedWhenIdle } from './ui/on-demand.tsx'
import { NotFound, Screen } from './ui/screen.tsx'
import { Toaster } from './ui/toast.tsx'

/** Whoever builds forms does not wait for what those fetch who answer them or come with a code. */
const respondPage = onDemand(async () => (await import('./respond/respond-page.tsx')).RespondPage)
const formList = onDemand(async () => (await import('./form/form-list.tsx')).FormList)
const joinPage = onDemand(async () => (await import('./join/join-page.tsx')).JoinPage)

/** Where the arrow of a form leads, also without a connection. */
const nextPages = [formList]

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no #app')

createRoot(root).render(
  <StrictMode>
    <Fault>
      <Announcer>
        <Toaster>
          <Entrance>
            <Pages />
          </Entrance>
        </Toaster>
      </Announcer>
    </Fault>
  </StrictMode>
)

/** What an address shows. */
function Pages() {
  useFetchedWhenIdle(nextPages)
  return (
    <Switch>
      <Route path="/">{() => <Part of={formList} props={{}} until={untilList} />}</Route>
      <Route path="/form/:id/fill">{({ id }) => <FormPage id={id} view="fill" />}</Route>
      <Route path="/form/:id/responses">{({ id }) => <FormPage id={id} view="responses" />}</Route>
      <Route path="/form/:id">{({ id }) => <FormPage id={id} view="build" />}</Route>
      <Route path="/j/:code?">
        {({ code }) => <Part of={joinPage} props={{ code }} until={untilJoin} />}
      </Route>
      <Route path="/respond/:id">
        {({ id }) => <Part of={respondPage} props={{ id }} until={untilRespond} />}
      </Route>
      <Route component={NotFound} />
    </Switch>
  )
}

const untilList = (words: ReactNode) => (
  <>
    <Bar title="Roomlog" isHome logLine={<div className="border-b border-rule" />} />
    <main id="content" aria-busy={words === null} className="mx-auto max-w-[760px] pt-10">
      {words}
    </main>
  </>
)

const untilJoin = (words: ReactNode) => (
  <Screen bar="Join" heading={words === null ? 'Opening…' : 'Join'}>
    {words}
  </Screen>
)

const untilRespond = (words: ReactNode) =>
  words === null ? (
    <Reading />
  ) : (
    <Screen bar="Form" heading="The form">
      {words}
    </Screen>
  )
