/** What a node takes of its machine does not grow with what went through it. */
import type { Story } from './story.ts'
import type { Violation } from './violation.ts'

/** Above what a node takes that has just been started, with all that its limits let wait at once. */
export const memoryBytesMax = 320 * 1024 ** 2

export const checkMemory = async ({ world, figures }: Story): Promise<Violation[]> => {
  const found = world.nodes.map(async (node, index): Promise<Violation[]> => {
    const bytes = await node.readMemoryBytes()
    figures.memoryBytes = Math.max(figures.memoryBytes, bytes ?? 0)
    if (bytes === null || bytes <= memoryBytesMax) return []
    const found = `node ${index} takes ${bytes} bytes > ${memoryBytesMax}`
    return [{ check: 'memory is bounded', room: 'all', found }]
  })
  return (await Promise.all(found)).flat()
}
