/** `npx roomlog-bench`: the loads of the benchmark, on a server of one's own. */
import { show, tableOf } from '../report.ts'
import { NotDone, readWish, usage } from './read-wish.ts'

const stress = async (words: readonly string[]): Promise<void> => {
  const choice = readWish(words)
  if (choice === null) {
    console.info(usage)
    return
  }
  const { name, command, wish, isJson } = choice
  const figures = await command.run(wish)
  if (isJson) {
    const { clients, rooms, perSecond, seconds, prefix } = wish
    console.info(
      JSON.stringify(
        { scenario: name, asked: { clients, rooms, perSecond, seconds, prefix }, figures },
        null,
        2
      )
    )
    return
  }
  console.info(`${name}: ${command.load(wish)}, ${wish.seconds} s, rooms ${wish.prefix}-…\n`)
  const rows = Object.entries(figures).map(([figure, value]) => [figure, show(value, digitsOf(value))])
  console.info(tableOf([['', 'measured'], ...rows]).join('\n'))
}

const digitsOf = (value: number | null): number => (value === null || Math.abs(value) >= 1_000 ? 0 : 2)

// Ending by a signal ends the load with us.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

try {
  await stress(process.argv.slice(2))
} catch (error) {
  if (error instanceof NotDone) {
    console.error(`roomlog-bench: ${error.message}`)
    process.exitCode = 2
  } else {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
