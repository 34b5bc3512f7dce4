/** A phone is no wider than this, in CSS pixels, whichever way it is held. */
const phoneWidthMax = 600

/** What this is, for those who read the answers: told by how it is pointed at and by its smaller side. */
export const deviceKind = (): 'phone' | 'tablet' | 'computer' => {
  if (!matchMedia('(pointer: coarse)').matches) return 'computer'
  return Math.min(screen.width, screen.height) <= phoneWidthMax ? 'phone' : 'tablet'
}
