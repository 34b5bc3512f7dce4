/** True once the text is on the clipboard; false where the browser keeps pages from it. */
export const copyText = async (text: string): Promise<boolean> => {
  // Outside of https and localhost there is no clipboard.
  if (navigator.clipboard === undefined) return false
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
}
