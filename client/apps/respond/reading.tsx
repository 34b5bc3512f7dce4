import { Bar } from '../ui/bar.tsx'

/** The form while it is read: the true layout, without words. It appears after 200 ms, so that a quick one never blinks. */
export function Reading() {
  return (
    <div aria-busy="true">
      <Bar title="Form" isHome logLine={<div className="h-logline border-b border-rule" />} />
      <main id="content" className="mx-auto max-w-[600px] px-5 pt-12">
        <p className="sr-only">Reading the form.</p>
        <div className="grid gap-8.5">
          {[46, 34, 28, 44].map((width) => (
            <div key={width} aria-hidden="true" className="skeleton skeleton-late grid gap-3.5">
              <i className="block h-3 rounded-[3px] bg-band-2" style={{ width: `${width}%` }} />
              <i className="block h-11 rounded-control bg-band-2" />
            </div>
          ))}
        </div>
      </main>
    </div>
  )
}
