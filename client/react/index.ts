/** The React side of the client SDK. */
export { ClientProvider, useClient } from './client-provider.tsx'
export {
  type BoundText,
  createRoomContext,
  type MutationContext,
  type RoomHooks,
  type RoomProviderProps,
  type TextCaret
} from './create-room-context.tsx'
export { shallow } from './shallow.ts'
export { useStore } from './use-store.ts'
