/** The React side of the client SDK. */
export { ClientProvider, useClient } from './client-provider.tsx'
export { createRoomContext, type MutationContext, type RoomHooks } from './create-room-context.tsx'
export type { RoomProviderProps } from './room-provider.tsx'
export { shallow } from './shallow.ts'
export { usePresenceStatus } from './use-presence-status.ts'
export { useStore } from './use-store.ts'
export type { BoundText, TextCaret } from './use-text.ts'
