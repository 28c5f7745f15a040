/** Reading tier 2's file into the page cache: all of it, or nothing if there is no room for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { warmTier2 } from '../../../src/master/main/warm-tier2.js';

const BYTES = 3_000_000;
const directory = mkdtempSync(join(tmpdir(), 'orchard-warm-'));
const file = join(directory, 'data.mdb');
writeFileSync(file, Buffer.alloc(BYTES, 1));
afterAll(() => rmSync(directory, { recursive: true }));

const never = new AbortController().signal;

test('reads all of a file that fits', async () => {
  expect(await warmTier2(file, BYTES * 2, never)).toBe(BYTES);
});

test('leaves out what is larger than half of the free memory, or is not there', async () => {
  expect(await warmTier2(file, BYTES * 2 - 2, never)).toBe(0);
  expect(await warmTier2(join(directory, 'none'), BYTES, never)).toBe(0);
});

test('ends when the master stops', async () => {
  expect(await warmTier2(file, BYTES * 2, AbortSignal.abort())).toBe(0);
});
