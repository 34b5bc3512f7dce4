import { lazy, StrictMode, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { Route, Switch } from 'wouter'
import { Entrance } from './entrance.tsx'
import { FormList } from './form/form-list.tsx'
import { FormPage } from './form/form-page.tsx'
import { JoinPage } from './join/join-page.tsx'
import { Reading } from './respond/reading.tsx'
import { Announcer } from './ui/announcer.tsx'
import { Fault } from './ui/fault.tsx'
import { NotFound } from './ui/screen.tsx'
import { Toaster } from './ui/toast.tsx'

/** Whoever builds forms does not wait for what those load who answer them. */
const RespondPage = lazy(async () => ({ default: (await import('./respond/respond-page.tsx')).RespondPage }))

const root = document.getElementById('app')
if (root === null) throw new Error('index.html has no #app')

createRoot(root).render(
  <StrictMode>
    <Fault>
      <Announcer>
        <Toaster>
          <Entrance>
            <Switch>
              <Route path="/" component={FormList} />
              <Route path="/form/:id/fill">{({ id }) => <FormPage id={id} view="fill" />}</Route>
              <Route path="/form/:id/responses">{({ id }) => <FormPage id={id} view="responses" />}</Route>
              <Route path="/form/:id">{({ id }) => <FormPage id={id} view="build" />}</Route>
              <Route path="/j/:code?">{({ code }) => <JoinPage code={code} />}</Route>
              <Route path="/respond/:id">
                {({ id }) => (
                  <Suspense fallback={<Reading />}>
                    <RespondPage id={id} />
                  </Suspense>
                )}
              </Route>
              <Route component={NotFound} />
            </Switch>
          </Entrance>
        </Toaster>
      </Announcer>
    </Fault>
  </StrictMode>
)
