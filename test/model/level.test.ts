/** The level detector on lines as real programs write them, and on the traps that fool a search for words. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { levelLimits } from '../../src/limits/program.ts'
import { type LevelName, levelNames } from '../../src/model/entry.ts'
import { LevelDetector } from '../../src/model/level.ts'

const detector = new LevelDetector()

function detect(line: string, previous: LevelName = 'unknown'): LevelName | undefined {
  const bytes = Buffer.from(`level=error ${line} level=fatal`)
  const length = Buffer.byteLength(line)
  return levelNames[detector.detect(bytes, 12, 12 + length, levelNames.indexOf(previous))]
}

type Table = readonly (readonly [expected: LevelName, line: string])[]

function check(table: Table, previous: LevelName = 'unknown'): void {
  const wrong = table
    .map(([expected, line]) => ({ expected, found: detect(line, previous), line }))
    .filter(({ expected, found }) => expected !== found)
  assert.deepEqual(wrong, [])
}

test('S-LEVEL-01 a JSON object has the level of its level field, at most one object deep', () => {
  check([
    ['info', '{"level":"info","ts":1795342272.1,"msg":"started"}'],
    ['error', '{"time":"2026-11-22T10:11:12Z","level":"ERROR","msg":"info"}'],
    ['warn', '{"severity":"WARNING","message":"disk nearly full"}'],
    ['info', '{"severity":"NOTICE","textPayload":"x"}'],
    ['critical', '{"severity":"CRITICAL","message":"x"}'],
    ['critical', '{"severity":"EMERGENCY","message":"x"}'],
    ['error', '{"@timestamp":"2026-11-22T10:11:12Z","log.level":"error","message":"x"}'],
    ['warn', '{"@timestamp":"2026-11-22T10:11:12Z","log":{"level":"warn"},"message":"x"}'],
    ['error', '{"context":{"level":"debug"},"level":"error"}'],
    ['debug', '{"a":{"b":{"level":"error"}},"ctx":{"lvl":"dbug"}}'],
    ['info', '{"level":30,"time":1795342272123,"pid":1,"hostname":"api","msg":"error while x"}'],
    ['trace', '{"level":10,"msg":"x"}'],
    ['debug', '{"level":20,"msg":"x"}'],
    ['warn', '{"name":"api","hostname":"h","pid":1,"level":40,"msg":"x","v":0}'],
    ['error', '{"level": 50, "msg": "x"}'],
    ['fatal', '{"level":60,"msg":"x"}'],
    ['unknown', '{"level":5,"msg":"x"}'],
    ['unknown', '{"level":500,"msg":"x"}'],
    ['info', '{"@t":"2026-11-22T10:11:12Z","@l":"Information","@mt":"x"}'],
    ['info', '{"@level":"info","@message":"error: x","@module":"vault"}'],
    ['info', '{"asctime":"2026-11-22","levelname":"INFO","message":"no errors"}'],
    ['info', '{"t":{"$date":"2026-11-22T10:11:12.123+00:00"},"s":"I","c":"NETWORK","msg":"Connection"}'],
    ['debug', '{"t":{"$date":"2026-11-22T10:11:12.123+00:00"},"s":"D2","c":"QUERY","msg":"error"}'],
    ['info', '{"level":"info","msg":"{\\"level\\":\\"error\\"}"}'],
    ['info', '{ "msg" : "a \\" b", "level" : "Info" }'],
    ['error', '{"msg":"cut off {[","SeverityText":"Error","body":"and the rest is mi'],
  ])
})

test('S-LEVEL-02 a JSON object without a level field: words count, names of fields and empty errors do not', () => {
  check([
    ['unknown', '{"msg":"done","error":null}'],
    ['unknown', '{"msg":"done","error":"","warnings":[]}'],
    ['unknown', '{"msg":"done","error":false,"err":{}}'],
    ['unknown', '{"trace":"4bf92f3577b34da6","info":{"a":1},"debug":true}'],
    ['unknown', '{"msg":"{\\"level\\":\\"error\\"}"}'],
    ['unknown', '{"errors":0,"ok":true}'],
    ['error', '{"msg":"request failed","error":"connection refused"}'],
    ['error', '{"msg":"error: cannot connect"}'],
    ['warn', '{"level":"custom","msg":"warn (x)"}'],
    ['unknown', '{'],
    ['unknown', '{}'],
  ])
})

test('S-LEVEL-03 a logfmt line has the level of its level field, whatever its other fields say', () => {
  check([
    ['info', 'level=info msg="error: x"'],
    ['info', 'time="2026-11-22T10:11:12Z" level=info msg="error: x" error="fatal"'],
    ['warn', 'ts=2026-11-22T10:11:12.123Z caller=main.go:12 level=warn component=tsdb msg="x"'],
    ['error', 'ts=2026-11-22T10:11:12.123Z caller=main.go:12 msg="got level=info from peer" level=error'],
    ['debug', 'lvl=dbug msg="x" id=1'],
    ['error', 't=2026-11-22T10:11:12+0000 lvl=eror msg="Request Completed" status=500'],
    ['error', 'SEVERITY="Error" msg=x'],
    ['critical', 'logger=app level=crit msg=x'],
    ['fatal', 'msg="x" level=panic'],
    ['warn', "level='warning' msg=x"],
    ['info', 'at=info method=GET path=/error?level=error status=200'],
    ['info', 'level=I msg=x'],
    ['unknown', 'msg="done" errors=0 err=<nil> error=null'],
    ['unknown', 'msg="done" error=""'],
    ['unknown', 'trace=4bf92f3577b34da6 span=00f067aa debug=false'],
    ['error', 'msg="done" error="connection refused"'],
    ['error', 'component=api err=timeout'],
  ])
})

test('S-LEVEL-04 klog, glog, Ruby and syslog headers are levels', () => {
  check([
    ['info', 'I1122 10:11:12.123456       1 controller.go:116] "error syncing" err="x"'],
    ['warn', 'W1122 10:11:12.123456       1 reflector.go:324] failed to list'],
    ['error', 'E1122 10:11:12.123456       1 leaderelection.go:330] lease'],
    ['fatal', 'F1122 10:11:12.123456       1 main.go:30] level=info'],
    ['info', 'I20261122 10:11:12.123456  12 main.cc:1] x'],
    ['unknown', 'I1122 is my favourite number'],
    ['unknown', 'E112 10:11:12 x'],
    ['info', 'I, [2026-11-22T10:11:12.123456 #1]  INFO -- : Started'],
    ['error', 'E, [2026-11-22T10:11:12.123456 #1] x'],
    ['critical', '<34>Nov 22 10:11:12 host su: x'],
    ['info', '<30>1 2026-11-22T10:11:12Z host app 1 - - x'],
    ['error', '<3>kernel: x'],
    ['error', 'Nov 22 10:11:12 host app[123]: error: x'],
    ['critical', 'emerg: out of memory'],
    ['critical', 'ALERT: x'],
    ['unknown', 'Alert manager started'],
  ])
})

test('S-LEVEL-05 a level at the head of a line counts, alone, in brackets, or after a time', () => {
  check([
    ['error', '[ERROR] plugin/errors: 2 example.org. A: read udp'],
    ['warn', '<warn> x'],
    ['info', '[ INFO ] level=error'],
    ['info', '2026-11-22 10:11:12.123  INFO 1 --- [main] o.s.b.App : Setting error level=DEBUG'],
    ['error', '2026-11-22 10:11:12,123 [main] ERROR com.example.Foo - info'],
    ['debug', '10:11:12.123 [http-nio-8080-exec-1] DEBUG o.a.c.Foo - x'],
    ['info', '[2026-11-22 10:11:12,123] INFO [KafkaServer id=1] started (kafka.server.KafkaServer)'],
    ['info', '[2026-11-22T10:11:12,123][INFO ][o.e.n.Node] [node-1] error reporting on'],
    ['info', '[2026-11-22 10:11:12 +0000] [1] [INFO] Listening at: http://0.0.0.0:8000 (1)'],
    ['error', '[2026-11-22 10:11:12,123: ERROR/MainProcess] consumer: Cannot connect'],
    ['info', '[2026-11-22T10:11:12Z INFO  my_crate] x'],
    ['warn', '[10:11:12 WRN] x'],
    ['info', '2026-11-22T10:11:12.123Z\tinfo\tcontroller\terror budget'],
    ['info', '2026-11-22T10:11:12.123456Z  INFO hyper::server: x'],
    ['error', '2026/11/22 10:11:12 [error] 29#29: *1 open() "/usr/share/info" failed'],
    ['info', '2026-11-22 10:11:12.123456+00:00 [info] <0.222.0> x'],
    ['warn', '10:11AM WRN x'],
    ['fatal', '2026-11-22 10:11:12.123 UTC [1] FATAL:  role "error" does not exist'],
    ['info', '2026-11-22 10:11:12.123 UTC [1] LOG:  database system is ready'],
    ['warn', '2026-11-22T10:11:12.123456Z 0 [Warning] [MY-010068] [Server] CA'],
    ['info', '2026-11-22T10:11:12.123456Z 0 [Note] x'],
    ['info', '2026-11-22 10:11:12,123 [myid:1] - INFO  [main:Quorum@1] - error'],
    ['error', '[Sun Nov 22 10:11:12.123456 2026] [core:error] [pid 1] AH00124'],
    ['info', '[22-Nov-2026 10:11:12] NOTICE: fpm is running, pid 1'],
    ['info', 'INFO:     127.0.0.1:1234 - "GET /error HTTP/1.1" 200 OK'],
    ['error', 'ERROR:root:something'],
    ['critical', 'CRITICAL:django:x'],
    ['info', 'info: Microsoft.Hosting.Lifetime[14]'],
    ['error', 'fail: Microsoft.AspNetCore[1]'],
    ['error', 'SEVERE: x'],
    ['info', 'INFO[0000] starting'],
    ['warn', 'WARN[0012] x'],
    ['error', 'ERRO[0001] x'],
    ['fatal', 'panic: runtime error: invalid memory address'],
    ['error', 'Error: Cannot find module'],
    ['info', '[Nest] 1  - 11/22/2026, 10:11:12 AM     LOG [NestFactory] x'],
    ['warn', '[W 2026-11-22 10:11:12.123 ServerApp] x'],
    ['unknown', '[main] x'],
    ['unknown', 'Fine weather'],
  ])
})

test('S-LEVEL-06 colours and a byte order mark before, around and behind a level are seen through', () => {
  check([
    ['error', '\x1b[31mERROR\x1b[0m x'],
    ['info', '\x1b[36mINFO\x1b[0m[0000] x'],
    ['info', '\x1b[90m2026-11-22T10:11:12Z\x1b[0m \x1b[32mINF\x1b[0m error'],
    ['warn', '[\x1b[1;33mWARN\x1b[0m] x'],
    ['debug', '\x1b[0m\x1b[2m{"level":"debug"}'],
    ['error', 'my service \x1b[31merror\x1b[0m x'],
    ['info', '\ufeff[INFO] x'],
  ])
})

test('S-LEVEL-07 elsewhere a level is a whole word between white space, brackets, quotes, = and |', () => {
  check([
    ['error', 'could not connect: error 111'],
    ['warn', 'PHP Warning:  Undefined variable'],
    ['warn', '(node:1) Warning: x'],
    ['error', '2026-11-22 10:11:12,123 - root - ERROR - info'],
    ['error', 'app says "error"'],
    ['info', 'a|info|error'],
    ['warn', 'main worker [WARN] error in x'],
    ['error', 'some text, then {"level":"error","msg":"x"}'],
    ['unknown', 'errors=0'],
    ['unknown', 'found 0 errors'],
    ['unknown', 'Build succeeded. 0 Warning(s) 0 Error(s)'],
    ['unknown', 'finished with no error'],
    ['unknown', 'finished, error: 0'],
    ['unknown', 'finished, error: null'],
    ['unknown', 'terror information-less error-free error_code my.error'],
    ['unknown', 'app:error'],
    ['unknown', 'GET /error/info 200'],
    ['unknown', 'GET /find?q=error 200'],
    ['unknown', 'started in 12 ms'],
    ['unknown', ''],
  ])
})

test('S-LEVEL-08 an access log has no level', () => {
  const combined = '"-" "Mozilla/5.0 (X11; error; rv:1.0)"'
  check([
    ['unknown', `10.1.2.3 - - [22/Nov/2026:10:11:12 +0000] "GET /error HTTP/1.1" 500 12 ${combined}`],
    ['unknown', `10.1.2.3 - bob [22/Nov/2026:10:11:12 +0000] "GET /?q=error HTTP/1.1" 200 12 ${combined}`],
    ['unknown', `fe80::1 - - [22/Nov/2026:10:11:12 +0000] "POST /api error HTTP/1.1" 200 12 ${combined}`],
    ['unknown', `example.org:443 10.1.2.3 - - [22/Nov/2026:10:11:12 +0000] "GET / HTTP/2" 404 "error"`],
    ['unknown', '[2026-11-22T10:11:12.123Z] "GET /error?x=fatal HTTP/1.1" 200 - 0 5 1 "-"'],
  ])
})

const continuing = [
  '\tat com.example.Foo.error(Foo.java:12)',
  '    at Object.<anonymous> (/app/info.js:1:1)',
  'at main (error.js:1)',
  'Caused by: java.lang.IllegalStateException: info',
  '\t... 12 more',
  '... 12 more',
  'Traceback (most recent call last):',
  '  File "/app/main.py", line 3, in info',
  '    return info',
  '    raise ValueError("debug")',
  'During handling of the above exception, another exception occurred:',
  'java.lang.IllegalStateException: no info',
  'ValueError: debug (x)',
  'KeyboardError',
  'goroutine 1 [running]:',
  'main.run(0xc000012345, {0x1, 0x2})',
  '\t/app/main.go:12 +0x1d',
  'created by main.start in goroutine 1',
  '[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a]',
  '}',
  '},',
  ']',
  '  "debug": true,',
  '',
  '   ',
]

test('S-LEVEL-09 a line that continues a stack trace or a value takes the level of the line before', () => {
  for (const previous of ['error', 'fatal'] as const) {
    check(
      continuing.map((line) => [previous, line] as const),
      previous,
    )
  }
  check(
    [
      ['unknown', '    at Object.<anonymous> (/app/error.js:1:1)'],
      ['unknown', 'Traceback (most recent call last):'],
      ['unknown', '}'],
    ],
    'unknown',
  )
})

test('S-LEVEL-10 an indented line that states its own level has it, and ordinary lines never take the one before', () => {
  check(
    [
      ['error', '  "level": "error",'],
      ['error', '  ERROR: x'],
      ['warn', '\t[WARN] x'],
      ['error', '   level=error msg=x'],
      ['error', ' {"level":"error"}'],
      ['unknown', 'request done'],
      ['unknown', '{"msg":"done"}'],
      ['unknown', 'ValueError: bad'],
      ['unknown', '} else {'],
    ],
    'info',
  )
  check([['error', '  "level": "error",']], 'unknown')
})

test('S-LEVEL-11 only the beginning of a long line is looked at, and no bytes make the detector fail', () => {
  const bound = levelLimits.scanBytesMax
  assert.equal(detect(`${'x'.repeat(bound - 6)} error`), 'error')
  assert.equal(detect(`${'x'.repeat(bound)} error`), 'unknown')
  const piece = fc.constantFrom(
    '{"',
    '"',
    ':',
    '=',
    'level',
    'error',
    '[',
    ']',
    '\x1b[',
    '\\',
    ' ',
    '\t',
    'at ',
    '<3>',
    '0',
  )
  const parts = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 20 })
  fc.assert(
    fc.property(parts, fc.integer({ min: 0, max: 7 }), fc.nat(30), (text, previous, cut) => {
      const bytes = Buffer.from(text.join(''))
      const end = Math.min(bytes.length, cut)
      const level = detector.detect(bytes, 0, end, previous)
      assert.ok(levelNames[level] !== undefined)
      // What lies behind the end of the line changes nothing.
      assert.equal(detector.detect(Buffer.from(bytes.subarray(0, end)), 0, end, previous), level)
    }),
    { numRuns: 1000 },
  )
})
