import type { RoomDefinition } from '../define-room.ts'
import { ceremony } from './ceremony.ts'
import { channel } from './channel.ts'
import { comments } from './comments.ts'
import { document } from './document.ts'
import { form } from './form.ts'
import { inbox } from './inbox.ts'
import { response } from './response.ts'
import { swipe } from './swipe.ts'
import { swipes } from './swipes.ts'
import { system } from './system.ts'
import { timeline } from './timeline.ts'
import { rsvp, taskList, vendor } from './timeline-own.ts'
import { budget, guests, tasks, vendors } from './timeline-sections.ts'

const shipped: readonly RoomDefinition[] = [
  document,
  form,
  response,
  comments,
  timeline,
  guests,
  rsvp,
  vendors,
  vendor,
  budget,
  tasks,
  taskList,
  ceremony,
  swipe,
  swipes,
  channel,
  inbox,
  system
]

/** Every kind of room that ships with the project, by its name. */
export const kinds: ReadonlyMap<string, RoomDefinition> = new Map(
  shipped.map((definition) => [definition.kind, definition])
)
