/** Transfers that stand still must not keep permits from others. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Code } from '../../src/base/status.js';
import { openUfs } from '../../src/stores/registry.js';
import type { Ufs } from '../../src/stores/ufs.js';
import { chunksOf, readAll, signal } from './stores.js';

let root = '';
let ufs: Ufs;
const IDLE_MS = 400;
const PERMITS = 2;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'orchard-idle-'));
  ufs = await openUfs(`file://${root}`, { idleMs: IDLE_MS, maxConcurrent: PERMITS });
  await ufs.write('f', chunksOf(Buffer.alloc(2_000_000, 1)), { signal: signal() });
});
afterEach(async () => {
  await ufs.close();
  await rm(root, { recursive: true, force: true });
});

async function* stuck(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('a byte or two');
  await new Promise(() => undefined);
}
const still = { code: Code.DEADLINE_EXCEEDED, message: expect.stringContaining('stood still') };

test('B13, B21: stalled transfers keep nobody from looking, and end', async () => {
  const writes = Array.from({ length: PERMITS }, (_, i) =>
    ufs.write(`w${i}`, stuck(), { signal: signal() }),
  );
  const ended = Promise.allSettled(writes);
  const reads = [
    await ufs.read('f', { signal: signal() }),
    await ufs.read('f', { signal: signal() }),
  ];
  const broken = reads.map((stream) => new Promise((resolve) => stream.once('error', resolve)));
  for (const stream of reads) stream.read(1);
  // Every permit of both kinds is taken, and looks go on.
  expect(await ufs.stat('f', signal())).toMatchObject({ length: 2_000_000 });
  expect((await ufs.list('', { limit: 10, signal: signal() })).entries).toHaveLength(1);
  for (const result of await ended) expect(result).toMatchObject({ reason: still });
  for (const error of await Promise.all(broken)) expect(error).toMatchObject(still);
  // And their permits are back.
  await ufs.write('after', chunksOf('x'), { signal: signal() });
  expect((await readAll(ufs, 'f')).length).toBe(2_000_000);
});

test('B13: a trickle ends while others wait, and may go on while nobody does', async () => {
  let isEnding = false;
  const trickle = async function* () {
    for (let i = 0; !isEnding && i < 1000; i++) {
      yield Buffer.from('.');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const first = ufs.write('alone', trickle(), { signal: signal() });
  await new Promise((resolve) => setTimeout(resolve, 2 * IDLE_MS));
  isEnding = true;
  expect((await first).length).toBeGreaterThan(1);
  isEnding = false;
  const slow = Promise.allSettled(
    Array.from({ length: PERMITS }, (_, i) => ufs.write(`s${i}`, trickle(), { signal: signal() })),
  );
  await ufs.write('waiting', chunksOf('x'), { signal: signal() });
  isEnding = true;
  expect((await slow).some(({ status }) => status === 'rejected')).toBe(true);
});

test('A17: closing the store ends a transfer whose client is silent', async () => {
  const patient = await openUfs(`file://${root}`);
  const write = patient.write('w', stuck(), { signal: signal() });
  const ended = expect(write).rejects.toMatchObject({
    code: Code.UNAVAILABLE,
    message: expect.stringContaining('its mount was removed'),
  });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await patient.close();
  await ended;
});
