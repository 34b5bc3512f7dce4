/** Whether the device has a way of its own to send a link to somebody. */
export const canSend = (): boolean => navigator.share !== undefined

/** Lets the device ask to whom to send it. False where it did not: the link has to be copied. */
export const sendLink = async (title: string, url: string): Promise<boolean> => {
  try {
    await navigator.share({ title, url })
    return true
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
}
