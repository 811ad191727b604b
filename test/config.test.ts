/** Settings: what each accepts on both sides of its bounds, and that .env.example tells the same. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import * as path from 'node:path'
import { test } from 'node:test'
import { loadConfig, parseTokenFile, settings } from '../src/config.ts'
import { LogkeepError } from '../src/errors.ts'

function refused(env: Record<string, string>, ...parts: readonly string[]): void {
  assert.throws(
    () => loadConfig(env),
    (error) => {
      assert.ok(error instanceof LogkeepError)
      assert.equal(error.code, 'BAD_SETTING')
      const text = `${error.message} ${error.hint}`
      for (const part of parts) assert.ok(text.includes(part), `"${text}" names ${part}`)
      return true
    },
  )
}

test('S-CFG-01 without any variable the documented defaults hold, and the configuration is frozen', () => {
  const config = loadConfig({})
  assert.equal(config.logRoot, '/var/log/pods')
  assert.deepEqual(config.linkRoots, ['/var/log/pods', '/var/lib/docker/containers'])
  assert.equal(config.dataDir, path.resolve('data'))
  assert.equal(config.host, '127.0.0.1')
  assert.equal(config.port, 8080)
  assert.equal(config.retentionAgeMs, 7 * 86_400_000)
  assert.equal(config.retentionSizeBytes, 5 * 2 ** 30)
  assert.equal(config.diskFreeMinPercent, 15)
  assert.deepEqual(config.namespaces, [])
  assert.equal(config.token, null)
  assert.equal(config.anonymous, false)
  assert.equal(config.nodeName, hostname())
  assert.ok(config.queryThreads === 1 || config.queryThreads === 2)
  assert.equal(config.lineBytesMax, 2 ** 20)
  assert.equal(config.queryDeadlineMs, 30_000)
  assert.ok(Object.isFrozen(config))
})

test('S-CFG-02 a value outside its bounds stops the start and names variable, value and what is accepted', () => {
  const borders: readonly (readonly [name: string, inside: string, outside: string])[] = [
    ['LOGKEEP_PORT', '65535', '65536'],
    ['LOGKEEP_PORT', '0', '-1'],
    ['LOGKEEP_RETENTION_AGE', '1h', '59m'],
    ['LOGKEEP_RETENTION_AGE', '3650d', '3651d'],
    ['LOGKEEP_RETENTION_SIZE', '64MiB', '67108863'],
    ['LOGKEEP_RETENTION_SIZE', '67108864', '63.9MiB'],
    ['LOGKEEP_DISK_FREE_MIN', '0', '-1'],
    ['LOGKEEP_DISK_FREE_MIN', '90 %', '91 %'],
    ['LOGKEEP_QUERY_THREADS', '1', '0'],
    ['LOGKEEP_QUERY_THREADS', '16', '17'],
    ['LOGKEEP_LINE_BYTES_MAX', '1KiB', '1023'],
    ['LOGKEEP_LINE_BYTES_MAX', '16MiB', '17MiB'],
    ['LOGKEEP_QUERY_DEADLINE', '1s', '999ms'],
    ['LOGKEEP_LOG_LEVEL', 'debug', 'trace'],
    ['LOGKEEP_ANONYMOUS', 'yes', 'maybe'],
    ['LOGKEEP_NAMESPACES', 'shop,kube-*', 'shop,,x'],
    ['LOGKEEP_NAMESPACES_EXCLUDED', 'a?c', 'a/b'],
    ['LOGKEEP_ALLOWED_HOSTS', 'logs.example.com', 'logs.example.com:80'],
    ['LOGKEEP_ALLOWED_ORIGINS', 'https://logs.example.com', 'logs.example.com'],
    ['LOGKEEP_SERVICE_NAME', 'logkeep,logkeep-nodes', 'log.keep'],
    ['LOGKEEP_NODE_NAME', 'n1', 'n 1'],
  ]
  for (const [name, inside, outside] of borders) {
    assert.doesNotThrow(() => loadConfig({ [name]: inside }), `${name}=${inside}`)
    refused({ [name]: outside }, name, outside, 'accepted:')
  }
})

test('S-CFG-03 sizes, shares and lists are read in the forms that people write', () => {
  const config = loadConfig({
    LOGKEEP_RETENTION_SIZE: '500 MB',
    LOGKEEP_DISK_FREE_MIN: '7.5%',
    LOGKEEP_NAMESPACES: ' shop , kube-* ',
    LOGKEEP_ALLOWED_ORIGINS: 'HTTPS://Logs.Example.com:443/',
    LOGKEEP_ALLOWED_HOSTS: 'Logs.Example.com., [fd00::1]',
    LOGKEEP_LOG_ROOT: '/logs',
    LOGKEEP_LINK_ROOTS: '/logs,/real',
    LOGKEEP_TOKEN_FILE: '',
  })
  assert.equal(config.retentionSizeBytes, 500_000_000)
  assert.equal(config.diskFreeMinPercent, 7.5)
  assert.deepEqual(config.namespaces, ['shop', 'kube-*'])
  assert.deepEqual(config.allowedOrigins, ['https://logs.example.com'])
  assert.deepEqual(config.allowedHosts, ['logs.example.com', 'fd00::1'])
  assert.deepEqual(config.linkRoots, ['/logs', '/real'])
  assert.equal(config.tokenFile, null)
})

test('S-CFG-04 an unknown variable stops the start and names the nearest setting; variables of others do not', () => {
  refused({ LOGKEEP_RETENTION_DAYS: '7' }, 'LOGKEEP_RETENTION_DAYS', 'LOGKEEP_RETENTION_AGE')
  refused({ LOGKEEP_TOCKEN: 'x' }, 'did you mean LOGKEEP_TOKEN?')
  assert.doesNotThrow(() => loadConfig({ PATH: '/bin', LOGKEEPER: 'x' }))
})

test('S-CFG-05 variables that Kubernetes makes for a Service called logkeep are not settings', () => {
  const config = loadConfig({
    LOGKEEP_SERVICE_HOST: '10.0.0.1',
    LOGKEEP_SERVICE_PORT: '80',
    LOGKEEP_SERVICE_PORT_HTTP: '80',
    LOGKEEP_PORT: 'tcp://10.0.0.1:80',
    LOGKEEP_PORT_80_TCP: 'tcp://10.0.0.1:80',
    LOGKEEP_PORT_80_TCP_PROTO: 'tcp',
    LOGKEEP_PORT_80_TCP_PORT: '80',
    LOGKEEP_PORT_80_TCP_ADDR: '10.0.0.1',
    LOGKEEP_WEB_PORT: 'tcp://10.0.0.2:80',
    LOGKEEP_WEB_SERVICE_HOST: '10.0.0.2',
  })
  assert.equal(config.port, 8080)
  refused({ LOGKEEP_PORT: 'http://10.0.0.1' }, 'LOGKEEP_PORT')
  refused({ LOGKEEP_WEB_PORT: '80' }, 'LOGKEEP_WEB_PORT')
})

test('S-CFG-06 a refused token is not repeated; a token excludes anonymous access and a second source', () => {
  assert.equal(loadConfig({ LOGKEEP_TOKEN: 'abcdefgh' }).token, 'abcdefgh')
  assert.throws(
    () => loadConfig({ LOGKEEP_TOKEN: 'abcdefg' }),
    (error) => error instanceof LogkeepError && !`${error.message}${error.hint}`.includes('abcdefg'),
  )
  refused({ LOGKEEP_TOKEN: 'abcdefgh', LOGKEEP_TOKEN_FILE: '/t' }, 'LOGKEEP_TOKEN', 'LOGKEEP_TOKEN_FILE')
  refused({ LOGKEEP_TOKEN: 'abcdefgh', LOGKEEP_ANONYMOUS: 'true' }, 'LOGKEEP_ANONYMOUS')
  refused({ LOGKEEP_TOKEN_FILE: '/t', LOGKEEP_ANONYMOUS: 'true' }, 'LOGKEEP_ANONYMOUS')
  assert.equal(parseTokenFile('abcdefgh\n'), 'abcdefgh')
  assert.equal(parseTokenFile('two tokens\n'), null)
})

test('S-CFG-07 .env.example lists every setting with default, unit and bounds', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../.env.example'), 'utf8')
  const blocks = text.trimEnd().split('\n\n').slice(1)
  const expected = Object.values(settings).map(
    (setting) =>
      `# ${setting.description}\n# Unit: ${setting.unit}. Accepted: ${setting.bounds}.\n` +
      `${setting.default === '' ? '# ' : ''}${setting.name}=${setting.default}`,
  )
  assert.deepEqual(blocks, expected)
})
