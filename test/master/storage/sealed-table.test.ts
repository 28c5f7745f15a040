/**
 * Goal: a row of tier 2 that is not what was written is refused with DATA_LOSS, whichever table it
 * is in, and the metadata of one cluster is not taken for another's.
 * Method: a real LMDB; rows are damaged by putting their bytes back with one bit flipped.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { sideKey, Tier2 } from '../../../src/master/storage/tier2.js';

const MAP_BYTES = 64 * 2 ** 20;
const encoder = new TextEncoder();
const key = sideKey(3, encoder.encode('some id'));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'orchard-sealed-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const openTier2 = (): Tier2 => new Tier2(path.join(directory, 'meta'), { mapBytes: MAP_BYTES });

/** Rewrites every row of a table, below the checksums. */
async function rewrite(name: string, change: (row: Buffer) => Buffer): Promise<void> {
  const root = open({ path: path.join(directory, 'meta'), mapSize: MAP_BYTES, maxDbs: 8 });
  const table = root.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' });
  for (const { key: at, value } of [...table.getRange()]) {
    table.putSync(Buffer.from(at), change(Buffer.from(value)));
  }
  await root.close();
}

const flip = (bit: number) => (row: Buffer) => {
  row[bit >> 3] = row[bit >> 3]! ^ (1 << (bit & 7));
  return row;
};

async function fill(): Promise<void> {
  const tier2 = openTier2();
  tier2.claim('cluster-a');
  tier2.transact(() => {
    tier2.side.putSync(key, encoder.encode('value'));
    tier2.ids.write([{ id: 77, key: encoder.encode('place') }]);
    tier2.putState({ appliedSeq: 12, idNext: 1025 });
  });
  await tier2.close();
}

test('gives back what went in', async () => {
  await fill();
  const tier2 = openTier2();
  expect(new TextDecoder().decode(tier2.side.get(key))).toBe('value');
  expect([...tier2.side.getRange()]).toHaveLength(1);
  expect(new TextDecoder().decode(tier2.ids.get(77))).toBe('place');
  expect(tier2.state).toEqual({ appliedSeq: 12, idNext: 1025 });
  tier2.claim('cluster-a');
  expect(() => tier2.claim('cluster-b')).toThrow('is of cluster cluster-a, the data directory of');
  await tier2.close();
});

test.each([
  ['side', (tier2: Tier2) => tier2.side.get(key)],
  ['side', (tier2: Tier2) => [...tier2.side.getRange()]],
  ['ids', (tier2: Tier2) => tier2.ids.get(77)],
  ['meta', (tier2: Tier2) => tier2.state],
  ['meta', (tier2: Tier2) => tier2.claim('cluster-a')],
] as const)('every flipped bit of a row of %s is refused', async (table, read) => {
  await fill();
  for (let bit = 0; bit < 72; bit++) {
    await rewrite(table, flip(bit));
    const tier2 = openTier2();
    const error = failureOf(() => read(tier2));
    expect(error, `bit ${bit}`).toMatchObject({ code: Code.DATA_LOSS });
    expect(error).toMatchObject({ hint: expect.stringContaining('restore') });
    await tier2.close();
    await rewrite(table, flip(bit));
  }
  const tier2 = openTier2();
  expect(failureOf(() => read(tier2))).toBeUndefined();
  await tier2.close();
});

test('a row that is cut short is refused', async () => {
  await fill();
  await rewrite('side', (row) => row.subarray(0, 3));
  const tier2 = openTier2();
  expect(failureOf(() => tier2.side.get(key))).toMatchObject({ code: Code.DATA_LOSS });
  await tier2.close();
});

function failureOf(read: () => unknown): unknown {
  try {
    read();
    return undefined;
  } catch (error) {
    return error;
  }
}
