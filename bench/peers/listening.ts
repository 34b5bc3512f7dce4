/** The line by which a server says where it is; the same for every peer. */
export const listensAt = (name: string, port: number): string => `${name} listens on http://127.0.0.1:${port}`

export const portIn = (output: string): number | null => {
  const port = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
  return port === undefined ? null : Number(port)
}
