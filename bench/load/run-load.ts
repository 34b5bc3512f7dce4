import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, JobOf, LoadName, ResultOf } from './generator.ts'
import type { Announce } from './pace.ts'

const program = fileURLToPath(new URL('./generator.ts', import.meta.url))

/**
 * Does a job in a process of its own, which has ended when this resolves.
 *
 * @param deadlineMs after which it is ended, whatever it does
 * @throws Error with what the generator said
 */
export const runLoad = async <Name extends LoadName>(
  load: Name,
  job: JobOf<Name>,
  onPhase: Announce = () => {},
  deadlineMs: number | null = null
): Promise<ResultOf<Name>> => {
  const child = fork(program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const answers: Answer[] = []
  child.on('message', (answer: Answer) => {
    if ('phase' in answer) onPhase(answer.phase)
    else answers.push(answer)
  })
  child.send({ load, job })
  const late = deadlineMs === null ? undefined : setTimeout(() => child.kill('SIGKILL'), deadlineMs)
  const [code, signal] = await once(child, 'exit')
  clearTimeout(late)
  const [answer] = answers
  if (answer !== undefined && 'result' in answer) return answer.result as ResultOf<Name>
  if (signal === 'SIGKILL' && deadlineMs !== null)
    throw new Error(`${load}: not done within ${deadlineMs} ms`)
  throw new Error(
    `${load}: ${answer !== undefined && 'error' in answer ? answer.error : `ended with ${signal ?? code}`}`
  )
}
