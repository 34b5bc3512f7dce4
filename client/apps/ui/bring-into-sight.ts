/** Scrolls an element to the middle of the page, at once for those who want no motion. */
export const bringIntoSight = (id: string): void => {
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
  document.getElementById(id)?.scrollIntoView({ block: 'center', behavior: isCalm ? 'instant' : 'smooth' })
}
