/**
 * Goal: after any flipped bits in LMDB's file the check before opening refuses it, or everything
 * that is read is what was written. Never another answer.
 * Method: a real namespace, flushed many times; a copy of its file in which one to three random
 * bits are flipped (one round in two in the pages that matter most: metas, branches, the tables'
 * roots); if the check finds nothing, every row of every table is compared with the sound file.
 * ORCHARD_TEST_SEED and ORCHARD_TEST_ROUNDS repeat and prolong it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc32c } from '../../../src/base/crc32c.js';
import { Code } from '../../../src/base/status.js';
import { checkPages } from '../../../src/master/storage/page-check.js';
import { kindOf, PAGE_BYTES, PageFlag } from '../../../src/master/storage/page-format.js';
import { dataFile, TABLES, Tier2 } from '../../../src/master/storage/tier2.js';
import { refuseDamagedTier2 } from '../../../src/master/storage/tier2-check.js';

const MAP_BYTES = 256 * 2 ** 20;
/** Of a meta page. */
const LAST_PAGE_AT = 144;
const TXNID_AT = 152;
const ROUNDS = Number(process.env['ORCHARD_TEST_ROUNDS'] ?? 150);
const SEED = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000_007);
const FULL = { leaves: true, innerPagesMax: 1024, tables: TABLES };

let root: string;
let sound: Buffer;
let rows: Map<string, string>;
let pages: { metas: number[]; inner: number[] };

beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'orchard-rot-'));
  await build(path.join(root, 'sound'));
  sound = readFileSync(dataFile(path.join(root, 'sound')));
  rows = await readAll(path.join(root, 'sound'));
  const inner: number[] = [];
  for (let page = 2; page < sound.length / PAGE_BYTES; page++) {
    const bytes = sound.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES);
    if (kindOf(bytes) === PageFlag.BRANCH || bytes.includes('inodes')) inner.push(page);
  }
  pages = { metas: [0, 1], inner };
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Rows as the flusher leaves them: many commits, free pages in between, some large values. */
async function build(directory: string): Promise<void> {
  const tier2 = new Tier2(directory, { mapBytes: MAP_BYTES });
  tier2.claim('cluster-a');
  const random = generator(1);
  for (let commit = 0; commit < 12; commit++) {
    tier2.transact(() => {
      for (let i = 0; i < 400; i++) {
        const key = Buffer.from(`\u0002\u0004\u0001name-${random() % 4000}`);
        const value = Buffer.alloc(28 + (random() % 20), commit);
        tier2.inodes.putSync(key, sealed(key, value));
        tier2.ids.write([{ id: 1024 + (random() % 4000), key }]);
      }
      const kept = Buffer.from([3, commit % 5]);
      tier2.side.putSync(kept, Buffer.alloc(5000 + commit * 1000, commit));
      tier2.expiries.write([{ expiryMs: commit * 100_000, id: 1024 + commit, isDue: true }]);
      tier2.putState({ appliedSeq: commit, idNext: 5024 });
    });
  }
  await tier2.close();
}

function sealed(key: Buffer, value: Buffer): Buffer {
  const row = Buffer.alloc(value.length + 4);
  value.copy(row);
  row.writeUInt32LE(crc32c(value, 0, value.length, crc32c(key, 0, key.length)), value.length);
  return row;
}

/** Every row of every table, found by the scan and again by its key. */
async function readAll(directory: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const env = open({ path: directory, mapSize: MAP_BYTES, maxDbs: 8, readOnly: true });
  for (const name of TABLES) {
    const table = env.openDB<Buffer, Buffer>({ name, keyEncoding: 'binary', encoding: 'binary' });
    for (const { key, value } of table.getRange()) {
      found.set(`${name} ${Buffer.from(key).toString('hex')}`, Buffer.from(value).toString('hex'));
      if (table.get(key)?.equals(value) !== true) found.set(`${name} lost`, '');
    }
  }
  await env.close();
  return found;
}

/** xorshift32: a seed gives the same flips on every machine. */
function generator(seed: number): () => number {
  let state = seed | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function damaged(random: () => number): { file: Buffer; flips: string[] } {
  const file = Buffer.from(sound);
  const flips: string[] = [];
  const target = [pages.metas, pages.inner, undefined, undefined][random() % 4];
  for (let count = 1 + (random() % 3); count > 0; count--) {
    const page = target?.[random() % target.length] ?? random() % (file.length / PAGE_BYTES);
    const within = random() % (page < 2 && random() % 2 === 0 ? 176 : PAGE_BYTES);
    const bit = random() % 8;
    const at = page * PAGE_BYTES + within;
    file[at] = file[at]! ^ (1 << bit);
    flips.push(`page ${page} byte ${within} bit ${bit}`);
  }
  return { file, flips };
}

describe(`flipped bits in the file of tier 2 (seed ${SEED})`, () => {
  test('a sound file passes, every page accounted for', () => {
    const report = checkPages(dataFile(path.join(root, 'sound')), FULL);
    expect(report.damage).toEqual([]);
    expect(report.rows).toBe(rows.size);
    expect(report.pages * PAGE_BYTES).toBeLessThanOrEqual(sound.length);
    const inner = checkPages(dataFile(path.join(root, 'sound')), { ...FULL, leaves: false });
    expect(inner.damage).toEqual([]);
    expect(inner.pagesRead).toBeLessThan(report.pagesRead / 4);
    const top = { ...FULL, leaves: false, innerPagesMax: 0 };
    const upper = checkPages(dataFile(path.join(root, 'sound')), top);
    expect(upper.damage).toEqual([]);
    expect(upper.pagesRead).toBeLessThan(inner.pagesRead);
  });

  test(`${ROUNDS} rounds: refused, or every row is right`, async () => {
    const random = generator(SEED);
    const directory = path.join(root, 'damaged');
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { file, flips } = damaged(random);
      rmSync(directory, { recursive: true, force: true });
      mkdirSync(directory);
      writeFileSync(dataFile(directory), file);
      const { damage } = checkPages(dataFile(directory), FULL);
      if (damage.length > 0) {
        refused++;
        continue;
      }
      const found = await readAll(directory);
      const wrong = [...rows].filter(([key, value]) => found.get(key) !== value);
      expect([found.size, wrong], flips.join(', ')).toEqual([rows.size, []]);
    }
    // Most of the file is free or unused: the rest is what the rounds are about.
    expect(refused).toBeGreaterThan(ROUNDS / 5);
  }, 120_000);

  test('a commit number in which one bit has changed is never taken for another', () => {
    const directory = path.join(root, 'older');
    mkdirSync(directory);
    for (let bit = 0; bit < 16; bit++) {
      const file = Buffer.from(sound);
      const at = pages.metas[bit % 2]! * PAGE_BYTES + TXNID_AT;
      file[at] = file[at]! ^ (1 << (bit >> 1));
      writeFileSync(dataFile(directory), file);
      expect(checkPages(dataFile(directory), FULL).damage).not.toEqual([]);
    }
  });

  test('a last page far behind the end of the file is refused, whichever bit it is', () => {
    const directory = path.join(root, 'endless');
    mkdirSync(directory);
    for (let bit = 24; bit < 64; bit++) {
      const file = Buffer.from(sound);
      for (const page of pages.metas) {
        const at = page * PAGE_BYTES + LAST_PAGE_AT + (bit >> 3);
        file[at] = file[at]! ^ (1 << (bit & 7));
      }
      writeFileSync(dataFile(directory), file);
      expect(checkPages(dataFile(directory), FULL).damage, `bit ${bit}`).not.toEqual([]);
    }
  });

  test('the refusal names file, page, offset and what to do', () => {
    const directory = path.join(root, 'refused');
    mkdirSync(directory);
    const file = Buffer.from(sound);
    const first = pages.inner[0]! * PAGE_BYTES;
    file[first] = file[first]! ^ 1;
    writeFileSync(dataFile(directory), file);
    expect(() => refuseDamagedTier2(directory, 0)).toThrow(
      expect.objectContaining({
        code: Code.DATA_LOSS,
        message: expect.stringMatching(/data\.mdb: page \d+, offset \d+: /),
        hint: expect.stringContaining('restore'),
      }),
    );
  });

  test('another file, a cut one, an empty one and none', () => {
    const directory = path.join(root, 'odd');
    mkdirSync(directory);
    expect(refuseDamagedTier2(directory, 0).pages).toBe(0);
    writeFileSync(dataFile(directory), '');
    expect(refuseDamagedTier2(directory, 0).pages).toBe(0);
    writeFileSync(dataFile(directory), sound.subarray(0, PAGE_BYTES * 20));
    expect(() => refuseDamagedTier2(directory, 1e9)).toThrow('behind the end of the file');
    writeFileSync(dataFile(directory), Buffer.alloc(8192, 7));
    expect(() => refuseDamagedTier2(directory, 0)).toThrow('no meta page');
  });
});
