/** Log lines: the thread in each, secrets in none. */
import { expect, test } from 'vitest';
import { createLog } from '../../src/process/log.js';

function capture(logLevel: 'info' | 'debug' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const log = createLog({ logLevel, logPretty: 'false' }, { thread: 'shard-0', stream });
  return { log, lines };
}

test('a line carries thread, level and time', () => {
  const { log, lines } = capture();
  log.info('started');
  log.warn({ path: '/a' }, 'slow');
  expect(lines[0]).toMatchObject({ level: 'info', thread: 'shard-0', msg: 'started' });
  expect(Date.parse(String(lines[0]?.['time']))).toBeGreaterThan(0);
  expect(lines[1]).toMatchObject({ level: 'warn', path: '/a', msg: 'slow' });
});

test('lines below the level are not written', () => {
  const { log, lines } = capture();
  log.debug('no');
  expect(lines).toEqual([]);
});

test('no secret is written, neither in fields nor in messages', () => {
  const { log, lines } = capture();
  log.info({ options: { 's3.secretKey': 'hunter2' } }, 'mounted http://ada:hunter2@host/');
  log.error('lost http://ada:hunter2@host/');
  expect(lines).toHaveLength(2);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});

test('an error keeps its stack and loses nothing to redaction', () => {
  const { log, lines } = capture();
  log.error(Object.assign(new Error('boom'), { code: 'E7', secretKey: 'hunter2' }), 'failed');
  const stack = expect.stringContaining('log.test.ts');
  expect(lines[0]).toMatchObject({ msg: 'failed', err: { message: 'boom', code: 'E7', stack } });
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});
