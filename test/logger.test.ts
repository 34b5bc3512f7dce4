import { describe, expect, it } from 'vitest'
import { createLogger, type Logger } from '../server/logger.ts'

const record = (level: string): { logger: Logger; lines: Record<string, unknown>[] } => {
  const lines: Record<string, unknown>[] = []
  const logger = createLogger(level, { write: (line) => void lines.push(JSON.parse(line)) })
  return { logger, lines }
}

describe('the log', () => {
  it('is one JSON object per line, with level, time, message and the fields of its parents', () => {
    const { logger, lines } = record('info')
    logger.child({ room: 'form/1' }).warn({ seq: 7 }, 'append refused')
    expect(lines).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        room: 'form/1',
        seq: 7,
        msg: 'append refused'
      }
    ])
  })

  it('leaves out what is below its level', () => {
    const { logger, lines } = record('warn')
    logger.info('nothing special')
    expect(lines).toEqual([])
  })

  it('tells an error with what caused it', () => {
    const { logger, lines } = record('info')
    logger.error({ err: new Error('cannot write', { cause: new Error('disk on fire') }) }, 'log stopped')
    expect(lines[0]?.err).toMatchObject({
      message: 'cannot write: disk on fire',
      stack: expect.stringContaining('logger.test')
    })
  })

  it('never holds a secret or content, by whatever name it comes', () => {
    const { logger, lines } = record('info')
    const hidden = {
      token: 'x7',
      authorization: 'x7',
      cookie: 'x7',
      password: 'x7',
      secret: 'x7',
      payload: 'x7',
      update: 'x7'
    }
    logger.info({ ...hidden, headers: hidden, request: { headers: hidden } }, 'http request')
    expect(JSON.stringify(lines)).toContain('[Redacted]')
    expect(JSON.stringify(lines)).not.toContain('x7')
  })
})
