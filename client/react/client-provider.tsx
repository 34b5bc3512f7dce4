import { createContext, type ReactNode, useContext } from 'react'
import type { Client } from '../client.ts'

const ClientContext = createContext<Client | null>(null)

/** Gives the rooms below it the client that they connect with. */
export const ClientProvider = ({
  client,
  children
}: {
  readonly client: Client
  readonly children: ReactNode
}): ReactNode => <ClientContext value={client}>{children}</ClientContext>

/** @throws Error with the fix, outside a ClientProvider */
export const useClient = (): Client => {
  const client = useContext(ClientContext)
  if (client === null)
    throw new Error('No client: wrap the app in <ClientProvider client={createClient({ url })}>')
  return client
}
