/**
 * Goal: the leaf pages of a table, read from LMDB's file, hold every key that LMDB's own cursor
 * finds, in order, from any place on and after any commit; and a file with flipped bits ends in
 * DATA_LOSS or in fewer keys, never in another error or without an end.
 * ORCHARD_TEST_SEED and ORCHARD_TEST_ROUNDS repeat and prolong it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../src/base/status.js';
import { LeafScan } from '../../../src/master/storage/leaf-scan.js';
import {
  keyBytesOf,
  lowerOf,
  nodeAt,
  PAGE_BYTES,
} from '../../../src/master/storage/page-format.js';
import { Tier2 } from '../../../src/master/storage/tier2.js';

const SEED = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000_007);
const ROUNDS = Number(process.env['ORCHARD_TEST_ROUNDS'] ?? 200);
const COMMITS = 8;
const KEYS_A_COMMIT = 3000;
const MAP_BYTES = 256 * 2 ** 20;
const NONE = Buffer.alloc(0);

let root: string;
let tier2: Tier2;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'orchard-leaves-'));
  tier2 = new Tier2(path.join(root, 'meta'), { mapBytes: MAP_BYTES });
});
afterAll(async () => {
  await tier2.close();
  rmSync(root, { recursive: true, force: true });
});

/** xorshift32: a seed gives the same rows on every machine. */
function generator(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function keysOf(page: Buffer): Buffer[] {
  return Array.from({ length: lowerOf(page) >> 1 }, (_, index) => {
    const at = nodeAt(page, index) + 8;
    return Buffer.from(page.subarray(at, at + keyBytesOf(page, at - 8)));
  });
}

/** Ends by itself, or it is a finding: no file has more leaves than pages. */
function scan(file: string, from: Uint8Array, pagesMax: number): Buffer[] {
  const leaf = Buffer.alloc(PAGE_BYTES);
  const leaves = new LeafScan(file, 'inodes', leaf);
  const found: Buffer[] = [];
  try {
    leaves.open(from);
    for (let pages = 0; leaves.next(); pages++) {
      expect(pages).toBeLessThan(pagesMax);
      found.push(...keysOf(leaf));
    }
  } finally {
    leaves.close();
  }
  return found;
}

describe(`leaf pages of tier 2 (seed ${SEED})`, () => {
  const random = generator(SEED);
  const anyKey = (): Buffer =>
    Buffer.from(`\u0002\u0004${random() % 30_000}-${'n'.repeat(random() % 60)}`);

  test('a table without rows has none', () => {
    expect(scan(tier2.file, NONE, 1)).toEqual([]);
  });

  test('they hold what the cursor finds, from any key on', () => {
    for (let commit = 0; commit < COMMITS; commit++) {
      const isWaning = commit >= COMMITS / 2;
      const before = [...tier2.inodes.getKeys()];
      tier2.transact(() => {
        for (let i = 0; i < KEYS_A_COMMIT; i++) {
          const old = before[random() % Math.max(1, before.length)];
          if (isWaning && old !== undefined) tier2.inodes.removeSync(old);
          else tier2.inodes.putSync(anyKey(), Buffer.alloc(20 + (random() % 40), commit));
        }
      });
      tier2.releaseSnapshot();
      const all = [...tier2.inodes.getKeys()].map((key) => Buffer.from(key).toString('hex'));
      const pages = readFileSync(tier2.file).length / PAGE_BYTES;
      expect(scan(tier2.file, NONE, pages).map((key) => key.toString('hex'))).toEqual(all);
      for (let i = 0; i < 20; i++) {
        const from = i % 2 === 0 ? anyKey() : Buffer.from(all[random() % all.length]!, 'hex');
        const found = scan(tier2.file, from, pages).map((key) => key.toString('hex'));
        const behind = all.filter((key) => key > from.toString('hex'));
        // The first leaf may begin before it; one of which nothing is behind it does not come.
        expect(found.slice(found.length - behind.length)).toEqual(behind);
        expect(found.length - behind.length).toBeLessThan(PAGE_BYTES / 32);
        if (behind.length === 0) expect(found).toEqual([]);
      }
    }
  });

  test('flipped bits end in DATA_LOSS or in fewer keys', () => {
    const sound = readFileSync(tier2.file);
    const file = path.join(root, 'damaged');
    const codes = new Set<unknown>();
    for (let round = 0; round < ROUNDS; round++) {
      const bytes = Buffer.from(sound);
      for (let flips = 1 + (random() % 40); flips > 0; flips--) {
        const inHeader = random() % 2 === 0;
        const page = random() % (bytes.length / PAGE_BYTES);
        const at = page * PAGE_BYTES + (random() % (inHeader ? 64 : PAGE_BYTES));
        bytes[at] = bytes[at]! ^ (1 << (random() % 8));
      }
      writeFileSync(file, bytes);
      try {
        scan(file, NONE, Number.POSITIVE_INFINITY);
        codes.add('none');
      } catch (error) {
        codes.add((error as { code?: unknown }).code);
      }
    }
    expect([...codes].toSorted()).toEqual(['none', Code.DATA_LOSS].toSorted());
  });
});
