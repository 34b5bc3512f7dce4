/** For a `ref`: what has just appeared in the place of what had the focus has it now. */
export const focusWhenShown = (element: HTMLElement | null): void => element?.focus()
