/**
 * A small run of creates in one directory against creates in many: both must run without an error,
 * and one directory must not be a bottleneck. The bound is far below the value of a quiet machine
 * (docs/GUARANTEES.md), because other tests run beside this one.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));
const RATIO_MIN = 0.4;

it('creates in one directory run in parallel', async () => {
  const sizes = ['--pairs', '3', '--seconds', '0.5', '--warm-seconds', '0.1'];
  const many = ['--directories', '100', '--connections', '16', '--depth', '16'];
  const args = [MAIN, 'shared', '--json', ...sizes, ...many];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  console.log(stdout.trim());
  const line = JSON.parse(stdout) as Record<string, number>;
  expect(line).toMatchObject({ bench: 'shared', value: line['ratio'], unit: 'ratio', bar: 0.7 });
  const { ratio, errors } = line;
  expect(errors).toBe(0);
  expect(ratio).toBeGreaterThan(RATIO_MIN);
});
