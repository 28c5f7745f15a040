/** The write-ahead log: segments, recycling, replay, and fail-stop on a disk that fails. */
import { describe, expect, test } from 'vitest';
import { JournalFailure } from '../../../../src/master/journal/failure.js';
import { SegmentPool } from '../../../../src/master/journal/local/segment-pool.js';
import { FaultFs, type FaultRule } from '../../../support/fault-fs.js';
import { makeBatch, seqsOf, upTo } from '../batches.js';
import {
  appendSizes,
  DIRECTORY,
  openWal,
  poolOf,
  SEGMENT_BYTES,
  writeJournal,
} from './journal-kit.js';

/** Fills a bit more than three segments. */
const BIG = Array.from({ length: 14 }, () => [60_000]);

describe('append and replay', () => {
  test('what was appended is replayed after a kill, in order, and appending goes on', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    appendSizes(wal, [10, 0, 5000]);
    appendSizes(wal, [1]);
    wal.sync();
    expect(wal.durableSeq).toBe(4);
    const again = openWal(fs.kill());
    expect(seqsOf(again.entries)).toEqual([1, 2, 3, 4]);
    expect(again.wal.nextSeq).toBe(5);
    expect(again.wal.recovery).toEqual({ entryCount: 4, lastSeq: 4, cut: null });
    appendSizes(again.wal, [3]);
  });

  test('a batch is one write and one sync', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    appendSizes(wal, [1]);
    wal.sync();
    const before = new Map(fs.calls);
    appendSizes(wal, [1, 2, 3, 4]);
    wal.sync();
    const delta = (call: string): number => (fs.calls.get(call) ?? 0) - (before.get(call) ?? 0);
    expect([delta('write'), delta('fdatasync'), delta('syncDirectory')]).toEqual([1, 1, 0]);
  });

  test('seqs are dense, the salt is the segment’s, the batch fits: broken promises', () => {
    const { wal } = openWal(new FaultFs());
    const salt = wal.currentSalt;
    expect(() => wal.append(makeBatch(2, salt, [1]), 2, 2)).toThrow('dense');
    expect(() => wal.append(makeBatch(1, salt ^ 1, [1]), 1, 1)).toThrow('currentSalt');
    const large = makeBatch(1, salt, [200_000, 200_000]);
    expect(large.length).toBeGreaterThan(wal.roomBytes);
    expect(() => wal.append(large, 1, 2)).toThrow('reserve');
    expect(() => wal.reserve(large.length)).toThrow('a batch fits a segment');
    appendSizes(wal, [1]);
  });

  test('the largest batch fits an empty segment, and its end marker behind it', () => {
    const { wal } = openWal(new FaultFs());
    const rest = wal.batchBytesMax - 200_000;
    const sizes = [200_000 - 72, rest - 72];
    const batch = makeBatch(1, wal.currentSalt, sizes);
    expect(batch.length).toBe(wal.batchBytesMax);
    wal.append(batch, 1, 2);
    wal.sync();
    const salt = wal.currentSalt;
    expect(wal.reserve(wal.batchBytesMax)).not.toBe(salt);
    expect(wal.roomBytes).toBe(wal.batchBytesMax);
  });
});

describe('segments', () => {
  test('entries of many segments are replayed; from a seq, only those wanted', () => {
    const fs = writeJournal(BIG);
    expect(fs.files().filter((file) => /^\d/.test(file)).length).toBe(4);
    expect(seqsOf(openWal(fs.kill()).entries)).toEqual(upTo(14));
    expect(seqsOf(openWal(fs.kill(), {}, { fromSeq: 7 }).entries)).toEqual(upTo(14).slice(6));
    expect(openWal(fs.kill(), {}, { fromSeq: 15 }).entries).toEqual([]);
  });

  test('trim recycles what is wholly at or below the seq, never the last segment', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    for (const sizes of BIG) appendSizes(wal, sizes);
    wal.sync();
    const pool = poolOf(fs);
    expect(pool.segments()).toEqual([1, 5, 9, 13]);
    expect(pool.trim(3)).toBe(0);
    expect(pool.trim(4)).toBe(1);
    expect(pool.trim(14)).toBe(2);
    expect(pool.usage()).toEqual({ segmentCount: 1, spareCount: 3, bytes: 4 * SEGMENT_BYTES });
    expect(seqsOf(openWal(fs.kill(), {}, { fromSeq: 13 }).entries)).toEqual([13, 14]);
    expect(() => openWal(fs.kill(), {}, { fromSeq: 12 })).toThrow('1 entries are missing');
  });

  test('trim leaves as many spares as are trimmed at a time, and fewer when disk is short', () => {
    for (const [isDiskShort, spareCount] of [
      [false, 3],
      [true, 1],
    ] as const) {
      const fs = new FaultFs();
      const { wal } = openWal(fs, { spareCount: 1 });
      for (const sizes of BIG) appendSizes(wal, sizes);
      wal.sync();
      const pool = poolOf(fs, 1);
      expect(pool.trim(14, isDiskShort)).toBe(3);
      expect(pool.usage()).toMatchObject({ segmentCount: 1, spareCount });
      expect(pool.prepareSpare()).toBe(false);
    }
  });

  test('a recycled segment is not zeroed, and its old records never come back', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    for (const sizes of BIG) appendSizes(wal, sizes);
    wal.sync();
    poolOf(fs).trim(14);
    const salt = wal.currentSalt;
    const files = fs.files().length;
    wal.switchSegment();
    expect(fs.files().length).toBe(files);
    expect(wal.currentSalt).not.toBe(salt);
    appendSizes(wal, [60_000]);
    wal.sync();
    const current = fs
      .files()
      .filter((file) => /^\d/.test(file))
      .at(-1)!;
    // The old entries stand behind the new one.
    expect(
      fs
        .bytes(current)
        .subarray(130_000)
        .some((byte) => byte !== 0),
    ).toBe(true);
    const again = openWal(fs.kill(), {}, { fromSeq: 13 });
    expect(seqsOf(again.entries)).toEqual([13, 14, 15]);
    expect(again.wal.recovery.cut).toBe(null);
  });

  test('a prepared spare is taken, so that the switch writes no zeros', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs, { spareCount: 1 });
    appendSizes(wal, [5]);
    const pool = poolOf(fs, 1);
    expect([pool.prepareSpare(), pool.prepareSpare()]).toEqual([true, false]);
    const writes = fs.calls.get('write')!;
    wal.switchSegment();
    // The end marker and the next header.
    expect(fs.calls.get('write')! - writes).toBe(2);
    expect(fs.openCount).toBe(1);
  });

  test('spares of another size are not used, half-made ones are removed', () => {
    const fs = new FaultFs();
    const small = openWal(fs, { spareCount: 1 });
    poolOf(fs, 1).prepareSpare();
    appendSizes(small.wal, [5]);
    small.wal.close();
    fs.openSync(`${DIRECTORY}/spare-1.wal.tmp`, 'wx+');
    const { wal } = openWal(fs, { segmentBytes: 2 * SEGMENT_BYTES });
    expect(fs.files().some((file) => file.endsWith('.tmp'))).toBe(false);
    wal.switchSegment();
    expect(wal.batchBytesMax).toBeGreaterThan(SEGMENT_BYTES);
    appendSizes(wal, [5]);
    const pool = new SegmentPool(DIRECTORY, { segmentBytes: 2 * SEGMENT_BYTES, fs });
    expect(pool.usage().bytes).toBe(2 * 2 * SEGMENT_BYTES);
  });

  test('restarts without writes leave the journal as it is', () => {
    let fs = writeJournal([[1], [2]]);
    for (let i = 0; i < 5; i++) {
      const { wal, entries } = openWal(fs);
      expect(seqsOf(entries)).toEqual([1, 2]);
      wal.close();
      fs = fs.kill();
    }
    const before = fs.bytes(fs.files()[0]!).slice();
    openWal(fs).wal.close();
    expect(Buffer.compare(before, fs.bytes(fs.files()[0]!))).toBe(0);
  });
});

describe('fail-stop', () => {
  const faults: [string, FaultRule][] = [
    ['a write fails', { call: 'write', nth: 1 }],
    ['a write is short', { call: 'write', nth: 1, shortBy: 8 }],
    ['the disk is full', { call: 'write', nth: 1, code: 'ENOSPC' }],
    ['fdatasync fails', { call: 'fdatasync', nth: 1 }],
  ];
  test.each(faults)('%s: the journal never acknowledges again', (_, rule) => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    appendSizes(wal, [1]);
    wal.sync();
    fs.fail(rule);
    const act = (): void => {
      appendSizes(wal, [2]);
      wal.sync();
    };
    expect(act).toThrow(JournalFailure);
    expect(wal.durableSeq).toBe(1);
    expect(act).toThrow(JournalFailure);
    expect(() => wal.sync()).toThrow(JournalFailure);
    expect(() => wal.switchSegment()).toThrow(JournalFailure);
    wal.close();
    expect(fs.openCount).toBe(0);
    const seqs = seqsOf(openWal(fs.kill()).entries);
    expect(seqs.slice(0, 1)).toEqual([1]);
  });

  test('what a failed sync dropped is written again before it is served', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    appendSizes(wal, [1]);
    wal.sync();
    fs.fail({ call: 'fdatasync', nth: 1, drops: true });
    appendSizes(wal, [2]);
    expect(() => wal.sync()).toThrow(JournalFailure);
    // The restarted process finds entry 2 in memory, serves it, and only then power goes.
    const disk = fs.kill();
    const served = seqsOf(openWal(disk).entries);
    expect(served).toEqual([1, 2]);
    expect(seqsOf(openWal(disk.crash(() => 0.9)).entries)).toEqual(served);
  });

  test.each([
    ['has no space for another segment', { call: 'write', nth: 2, code: 'ENOSPC' }],
    ['the rename fails', { call: 'rename', nth: 1 }],
    ['the directory does not sync', { call: 'syncDirectory', nth: 1 }],
    ['the end marker does not sync', { call: 'fdatasync', nth: 1 }],
  ] as [string, FaultRule][])('a switch of segments where %s', (_, rule) => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    appendSizes(wal, [1]);
    wal.sync();
    fs.fail(rule);
    expect(() => wal.switchSegment()).toThrow(JournalFailure);
    expect(() => wal.append(makeBatch(2, wal.currentSalt, [1]), 2, 2)).toThrow(JournalFailure);
    const next = openWal(fs.kill());
    expect(seqsOf(next.entries)).toEqual([1]);
    appendSizes(next.wal, [2]);
    expect(next.wal.nextSeq).toBe(3);
  });

  test('a full disk while preparing a spare is RESOURCE_EXHAUSTED and leaves nothing', () => {
    const fs = new FaultFs();
    const { wal } = openWal(fs);
    const files = fs.files();
    fs.fail({ call: 'write', nth: 1, code: 'ENOSPC' });
    expect(() => poolOf(fs).prepareSpare()).toThrow(
      expect.objectContaining({ codeName: 'RESOURCE_EXHAUSTED' }),
    );
    expect(fs.files()).toEqual(files);
    appendSizes(wal, [1]);
    wal.sync();
  });
});
