/** A22: a thread without a core does not count as hanging; and no wait is without an end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTime } from '../../src/process/ending.js';

const waits = (ms: () => number) => () => new Map([['1', ms()]]);
const never = new Promise(() => undefined);

test('A22: the clock stands while a thread waits for a core', async () => {
  const began = performance.now();
  // It has waited for all of the first 200 ms, and for nothing since.
  const waited = waits(() => Math.min(200, performance.now() - began));
  expect(await inTime(sleep(150), 50, waited)).toBe(true);
  const late = performance.now();
  expect(await inTime(never, 30, waited)).toBe(false);
  expect(performance.now() - late).toBeGreaterThanOrEqual(29);
});

test('A22: a machine that gives no core at all stretches it, not for ever', async () => {
  const began = performance.now();
  expect(
    await inTime(
      never,
      20,
      waits(() => performance.now() - began),
    ),
  ).toBe(false);
  expect(performance.now() - began).toBeGreaterThanOrEqual(110);
});

test('what ends is told at once, and what fails fails', async () => {
  expect(await inTime(sleep(1), 60_000)).toBe(true);
  await expect(inTime(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
});
