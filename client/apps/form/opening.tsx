import { Bar } from '../ui/bar.tsx'
import { SavedIndicator } from '../ui/saved-indicator.tsx'
import { savedWords } from '../ui/saved-words.ts'

/** The form while it is read: the true layout, without words. It appears after 200 ms, so that a quick one never blinks. */
export function Opening() {
  return (
    <div aria-busy="true">
      <Bar
        title="Form"
        saved={
          <SavedIndicator state="loading" words={savedWords({ state: 'loading' })}>
            <p>Reading the log.</p>
          </SavedIndicator>
        }
        logLine={<div className="h-logline border-b border-rule" />}
      />
      <div className="desk:grid desk:grid-cols-[minmax(0,1fr)_304px] wide:grid-cols-[236px_minmax(0,1fr)_304px] min-[1400px]:grid-cols-[236px_minmax(0,1fr)_340px]">
        <div className="grid h-[calc(100dvh-var(--h-head))] content-start gap-3.5 border-r border-rule px-5 pt-6 max-wide:hidden">
          {[70, 86, 60, 76].map((width) => (
            <Bone key={width} width={width} height={10} />
          ))}
        </div>
        <main id="content" className="px-4 pt-12 desk:px-6">
          <div className="mx-auto max-w-[700px]">
            <p className="text-ink-2">Reading the log.</p>
            <div className="mt-11 grid gap-8.5 pl-7 desk:pl-11">
              {[34, 28, 44, 30].map((width) => (
                <div key={width} className="grid gap-3.5">
                  <Bone width={width} height={13} />
                  <Bone width={width + 18} height={10} />
                </div>
              ))}
            </div>
          </div>
        </main>
        <div className="border-l border-rule max-desk:hidden" />
      </div>
    </div>
  )
}

function Bone({ width, height }: { width: number; height: number }) {
  return (
    <i
      aria-hidden="true"
      className="skeleton block rounded-[3px] bg-band-2"
      style={{ width: `${width}%`, height }}
    />
  )
}
