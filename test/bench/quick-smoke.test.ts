/**
 * Keeps the bench from rotting: every case runs at a tiny size over a real master in each run of
 * the tests, all replies are right, and the JSON lines have the fields that scripts read. The
 * figures mean nothing here.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const TIMEOUT_MS = 120_000;

type Line = Record<string, number | string | boolean>;

const cases = [
  ['getStatus', 50, 32],
  ['getStatus', 50, 1],
  ['batchGetStatus', 8, 2],
  ['createFile', 50, 32],
  ['createFile', 50, 1],
  ['delete', 50, 32],
  ['rename', 50, 32],
  ['listStatus', 1, 1],
  ['restart', 0, 0],
];

describe('bench quick --smoke', () => {
  it(
    'measures every case without an error',
    async () => {
      const { stdout } = await promisify(execFile)(process.execPath, [
        MAIN,
        'quick',
        '--smoke',
        '--json',
      ]);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
      expect(lines.map((line) => [line['case'], line['connections'], line['depth']])).toEqual(
        cases,
      );
      for (const line of lines) {
        expect(line['errors'], `${line['case']}: ${line['firstError']}`).toBe(0);
        expect(line['bench']).toBe('quick');
        // Beside each rate stands that of the bare echo server, and their ratio.
        const isRate = line['unit'] === 'ops/s';
        expect(isRate || line['unit'] === 's').toBe(true);
        expect(line['bar']).toBeGreaterThan(0);
        if (isRate) {
          const ratio = (line['value'] as number) / (line['echoPerSecond'] as number);
          expect(line['ratio']).toBeCloseTo(ratio, 2);
        }
        expect(typeof line['met']).toBe('boolean');
        for (const field of ['value', 'opsPerSecond', 'p50Ms', 'p99Ms', 'rssBytes']) {
          expect(line[field], `${line['case']}.${field}`).toBeGreaterThan(0);
        }
        // Counted in ticks of 10 ms, and a case may take less.
        expect(line['serverCpu']).toBeGreaterThanOrEqual(0);
        expect(line['clientCpu']).toBeGreaterThanOrEqual(0);
        expect(line['p99Ms']).toBeGreaterThanOrEqual(line['p50Ms'] as number);
      }
    },
    TIMEOUT_MS,
  );
});
