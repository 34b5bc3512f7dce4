import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Route, Switch } from 'wouter'
import { Entrance } from './entrance.tsx'
import { FormPage } from './form/form-page.tsx'
import { Reading } from './respond/reading.tsx'
import { Announcer } from './ui/announcer.tsx'
import { Bar } from './ui/bar.tsx'
import { Fault } from './ui/fault.tsx'
import { onDemand, Part } from './ui/on-demand.tsx'
import { NotFound, Screen } from './ui/screen.tsx'
import { Toaster } from './ui/toast.tsx'

/** Whoever builds forms does not wait for what those fetch who answer them or come with a code. */
const respondPage = onDemand(async () => (await import('./respond/respond-page.tsx')).RespondPage)
const formList = onDemand(async () => (await import('./form/form-list.tsx')).FormList)
const joinPage = onDemand(async () => (await import('./join/join-page.tsx')).JoinPage)

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no #app')

createRoot(root).render(
  <StrictMode>
    <Fault>
      <Announcer>
        <Toaster>
          <Entrance>
            <Switch>
              <Route path="/">
                {() => (
                  <Part
                    of={formList}
                    props={{}}
                    until={(words) => (
                      <>
                        <Bar title="Roomlog" isHome logLine={<div className="border-b border-rule" />} />
                        <main id="content" className="mx-auto max-w-[760px]">
                          {words}
                        </main>
                      </>
                    )}
                  />
                )}
              </Route>
              <Route path="/form/:id/fill">{({ id }) => <FormPage id={id} view="fill" />}</Route>
              <Route path="/form/:id/responses">{({ id }) => <FormPage id={id} view="responses" />}</Route>
              <Route path="/form/:id">{({ id }) => <FormPage id={id} view="build" />}</Route>
              <Route path="/j/:code?">
                {({ code }) => (
                  <Part
                    of={joinPage}
                    props={{ code }}
                    until={(words) => (
                      <Screen bar="Join" heading="Opening…">
                        {words}
                      </Screen>
                    )}
                  />
                )}
              </Route>
              <Route path="/respond/:id">
                {({ id }) => <Part of={respondPage} props={{ id }} until={(words) => words ?? <Reading />} />}
              </Route>
              <Route component={NotFound} />
            </Switch>
          </Entrance>
        </Toaster>
      </Announcer>
    </Fault>
  </StrictMode>
)
