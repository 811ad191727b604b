/** The program's own messages: their two forms, and that equal ones are counted. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logLimits } from '../src/limits/program.ts'
import { createLogger, type LogLevel } from '../src/log.ts'

function record(level: LogLevel, readable: boolean) {
  const lines: string[] = []
  const clock = { nowMs: Date.UTC(2026, 10, 22, 10, 11, 12) }
  const log = createLogger({ level, readable, write: (line) => lines.push(line), nowMs: () => clock.nowMs })
  return { lines, clock, log }
}

test('S-LOG-01 an event is one JSON object per line, or one readable line', () => {
  const machine = record('info', false)
  machine.log.info('file_rotated', 'a file was rotated', { file: '0.log' })
  assert.deepEqual(
    machine.lines.map((line) => JSON.parse(line)),
    [
      {
        time: '2026-11-22T10:11:12.000Z',
        level: 'info',
        event: 'file_rotated',
        message: 'a file was rotated',
        file: '0.log',
      },
    ],
  )
  const person = record('info', true)
  person.log.warn('disk_filled', 'the disk is\nfull', { freePercent: 3 })
  assert.deepEqual(person.lines, ['10:11:12 WARN  disk_filled: the disk is full freePercent=3\n'])
})

test('S-LOG-02 events below the chosen level are not written', () => {
  const { lines, log } = record('warn', false)
  log.info('file_found', 'x')
  log.debug('file_found', 'x')
  assert.equal(lines.length, 0)
  log.warn('file_found', 'x')
  log.error('file_found', 'y')
  assert.equal(lines.length, 2)
})

test('S-LOG-03 an equal event within a minute is counted and told with the next one', () => {
  const { lines, log, clock } = record('info', false)
  log.warn('file_refused', 'x', { file: 'a' })
  clock.nowMs += logLimits.repeatMs - 1
  log.warn('file_refused', 'x', { file: 'a' })
  log.warn('file_refused', 'x', { file: 'a' })
  log.warn('file_refused', 'x', { file: 'b' })
  assert.equal(lines.length, 2)
  clock.nowMs += 1
  log.warn('file_refused', 'x', { file: 'a' })
  assert.equal(JSON.parse(lines[2] as string).repeats, 2)
})

test('S-LOG-04 the memory for repeated events is bounded', () => {
  const { lines, log } = record('info', false)
  for (let index = 0; index <= logLimits.eventsRemembered; index += 1) log.info('x_done', String(index))
  log.info('x_done', '0')
  log.info('x_done', String(logLimits.eventsRemembered))
  assert.equal(lines.length, logLimits.eventsRemembered + 2, 'the oldest was forgotten, the newest was not')
})
