/**
 * Goal: whatever crashes or rots, what recovery hands over is a prefix of what was appended, holds
 * everything that was acknowledged, and is never different. Method: random batches on a disk in
 * memory; a power cut, a kill, a short write or a flipped bit; open; compare; go on; repeat.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Code, type StatusError } from '../../../../src/base/status.js';
import type { Entry } from '../../../../src/master/journal/entry-decode.js';
import { SegmentPool } from '../../../../src/master/journal/local/segment-pool.js';
import { FaultFs } from '../../../support/fault-fs.js';
import { keyOf, seqsOf, upTo } from '../batches.js';
import {
  appendSizes,
  DIRECTORY,
  openWal,
  poolOf,
  SEGMENT_BYTES,
  writeJournal,
} from './journal-kit.js';

const size = fc.oneof(fc.nat(300), fc.nat(5_000), fc.nat(60_000));
const batch = fc.array(size, { minLength: 1, maxLength: 4 });
const batches = fc.array(batch, { minLength: 1, maxLength: 12 });
const seed = fc.nat(0xffff_ffff);

/** Entries 1 … n with the very content that makeBatch gave them. */
function expectPrefix(entries: readonly Entry[], fromSeq = 1): void {
  expect(seqsOf(entries)).toEqual(entries.map((_, i) => fromSeq + i));
  for (const { seq, callId, changes } of entries) {
    expect(callId).toBe(seq);
    const [change] = changes;
    expect(change?.kind).toBe('side');
    if (change?.kind !== 'side') continue;
    expect(change.key).toEqual(keyOf(seq));
    expect(change.value!.every((byte) => byte === (seq & 0xff))).toBe(true);
  }
}

/** A coin that its seed determines (mulberry32). */
function coinOf(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('crashes', () => {
  test('142: after power cuts at any moment, all that was synced is there, never half', () => {
    let cuts = 0;
    const life = fc.record({ batches, seed, trim: fc.boolean(), unsynced: fc.boolean() });
    fc.assert(
      fc.property(fc.array(life, { minLength: 1, maxLength: 4 }), (lives) => {
        let fs = new FaultFs();
        let acknowledged = 0;
        let flushed = 0;
        for (const { batches: sizes, seed: start, trim, unsynced } of lives) {
          const coin = coinOf(start);
          const { wal, entries } = openWal(fs, {}, { fromSeq: flushed + 1 });
          expectPrefix(entries, flushed + 1);
          expect(wal.nextSeq - 1).toBeGreaterThanOrEqual(acknowledged);
          if (wal.recovery.cut) cuts++;
          acknowledged = wal.nextSeq - 1;
          for (const [i, one] of sizes.entries()) {
            const last = appendSizes(wal, one);
            if (unsynced && i + 1 === sizes.length) break;
            wal.sync();
            acknowledged = last;
            if (trim && coin() < 0.3) {
              flushed = acknowledged;
              poolOf(fs).trim(flushed);
            }
          }
          fs = coin() < 0.8 ? fs.crash(coin) : fs.kill();
        }
        const { wal, entries } = openWal(fs, {}, { fromSeq: flushed + 1 });
        expectPrefix(entries, flushed + 1);
        expect(wal.nextSeq - 1).toBeGreaterThanOrEqual(acknowledged);
      }),
      { numRuns: 60 },
    );
    expect(cuts).toBeGreaterThan(5);
  });

  test('a power cut at any call of a switch or a trim leaves a log that opens', () => {
    const calls = ['write', 'fdatasync', 'rename', 'syncDirectory', 'open'] as const;
    for (const call of calls) {
      for (let nth = 1; nth <= 4; nth++) {
        for (let start = 0; start < 8; start++) {
          const fs = new FaultFs();
          const { wal } = openWal(fs, { spareCount: 1 });
          for (let i = 0; i < 6; i++) appendSizes(wal, [60_000]);
          wal.sync();
          fs.fail({ call, nth });
          let flushed = 0;
          try {
            wal.switchSegment();
            flushed = 6;
            poolOf(fs, 1).trim(6);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
          const disk = fs.crash(coinOf(start));
          const next = openWal(disk, {}, { fromSeq: flushed + 1 });
          expect(next.wal.nextSeq).toBe(7);
          appendSizes(next.wal, [60_000]);
        }
      }
    }
  });

  test('in mode none a kill loses nothing, a power cut only an end', () => {
    fc.assert(
      fc.property(batches, seed, (sizes, start) => {
        const fs = new FaultFs();
        const { wal } = openWal(fs, { sync: 'none' });
        for (const one of sizes) {
          appendSizes(wal, one);
          wal.sync();
        }
        const last = wal.nextSeq - 1;
        expect(openWal(fs.kill(), { sync: 'none' }).entries.length).toBe(last);
        expectPrefix(openWal(fs.crash(coinOf(start)), { sync: 'none' }).entries);
      }),
      { numRuns: 40 },
    );
  });
});

describe('damage', () => {
  test('a journal not written from any byte on gives exactly the entries before the cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3000), { minLength: 1, maxLength: 30 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (sizes, at) => {
          const fs = writeJournal(sizes.map((one) => [one]));
          const file = fs.files()[0]!;
          const ends: number[] = [];
          let end = 4096;
          for (const [i, bytes] of sizes.entries()) {
            end += 48 + ((48 + 8 + 8 + keyOf(i + 1).length + bytes + 7) & ~7);
            ends.push(end);
          }
          const cut = 4096 + Math.floor(at * (end - 4096));
          const before = fs.bytes(file).slice();
          fs.wipe(file, cut);
          // What was zeros is not lost.
          const isThere = (one: number): boolean => before.subarray(cut, one).every((b) => b === 0);
          const { wal, entries } = openWal(fs);
          expectPrefix(entries);
          expect(entries.length).toBe(ends.filter(isThere).length);
          appendSizes(wal, [5]);
          wal.sync();
          expect(openWal(fs.kill()).entries.length).toBe(entries.length + 1);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a flipped bit is refused, or harmless: never another content, never a shorter log', () => {
    let refused = 0;
    let harmless = 0;
    fc.assert(
      fc.property(batches, fc.nat(), fc.nat(), fc.nat(7), (sizes, which, where, bit) => {
        const fs = writeJournal(sizes);
        const total = sizes.flat().length;
        const segments = new SegmentPool(DIRECTORY, { segmentBytes: SEGMENT_BYTES, fs }).segments();
        const files = fs.files().filter((file) => /^\d/.test(file));
        const file = files[which % segments.length]!;
        fs.flip(file, where % fs.bytes(file).length, bit);
        try {
          const { entries } = openWal(fs);
          expectPrefix(entries);
          expect(entries.length).toBe(total);
          harmless++;
        } catch (error) {
          expect((error as StatusError).code).toBe(Code.DATA_LOSS);
          expect((error as StatusError).message).toMatch(/\d{20}\.wal: offset \d+: /);
          refused++;
        }
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(10);
    expect(harmless).toBeGreaterThan(10);
  });

  test('a flipped bit in a batch that no mark proves yet cuts there, at a whole entry', () => {
    fc.assert(
      fc.property(batch, batch, fc.nat(), fc.nat(7), (first, second, where, bit) => {
        const fs = new FaultFs();
        const { wal } = openWal(fs, { segmentBytes: 4 * SEGMENT_BYTES });
        appendSizes(wal, first);
        wal.sync();
        const from = 4 * SEGMENT_BYTES - wal.roomBytes;
        appendSizes(wal, second);
        const bytes = 4 * SEGMENT_BYTES - wal.roomBytes - from;
        // roomBytes leaves out a mark and the reserve at the end: 144 bytes, as `from` does.
        fs.flip(fs.files()[0]!, from - 144 + (where % bytes), bit);
        const next = openWal(fs.kill());
        expectPrefix(next.entries);
        expect(next.entries.length).toBeGreaterThanOrEqual(first.length);
        expect(next.entries.length).toBeLessThan(first.length + second.length);
        // But for the salt of the last record: without it, it is no record of this segment at all.
        if (next.wal.recovery.cut === null) {
          expect(next.entries.length).toBe(first.length + second.length - 1);
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('141: restart, and restart twice: the same entries each time', () => {
  const fs = writeJournal(Array.from({ length: 9 }, () => [40_000, 10]));
  for (let i = 0; i < 3; i++) {
    const { wal, entries } = openWal(fs);
    expectPrefix(entries);
    expect(seqsOf(entries)).toEqual(upTo(18));
    wal.close();
  }
});
