/** What a page knows of itself. Outside a browser it is always seen, and nothing happens to it. */
export interface Page {
  readonly isThere: boolean
  readonly isVisible: boolean
  /** Calls `woke` when the network changed or the page is seen again: a connection may have died meanwhile. */
  onWake(woke: () => void): () => void
  /** Calls `acted` at each input of the user, and when the page is hidden or seen. */
  onActivity(acted: () => void): () => void
  /** Asks before the page is closed, while `isUnsafe` says so. */
  onClosing(isUnsafe: () => boolean): () => void
}

export const page: Page = {
  get isThere() {
    return typeof document !== 'undefined'
  },
  get isVisible() {
    return !page.isThere || document.visibilityState === 'visible'
  },
  onWake: (woke) => {
    if (!page.isThere) return () => {}
    return listen([
      [window, 'online', woke],
      [window, 'offline', woke],
      [window, 'pageshow', woke],
      [document, 'visibilitychange', () => page.isVisible && woke()]
    ])
  },
  onActivity: (acted) => {
    if (!page.isThere) return () => {}
    return listen([
      [window, 'pointerdown', acted],
      [window, 'pointermove', acted],
      [window, 'keydown', acted],
      [document, 'visibilitychange', acted]
    ])
  },
  onClosing: (isUnsafe) => {
    if (!page.isThere) return () => {}
    return listen([[window, 'beforeunload', (event) => isUnsafe() && event.preventDefault()]])
  }
}

type Listening = readonly [target: EventTarget, event: string, listener: (event: Event) => void]

const listen = (listenings: readonly Listening[]): (() => void) => {
  for (const [target, event, listener] of listenings) target.addEventListener(event, listener)
  return () => {
    for (const [target, event, listener] of listenings) target.removeEventListener(event, listener)
  }
}
