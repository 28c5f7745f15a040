/** What a journal that is not in order is answered with: behaviours 150 and its kin. */
import { describe, expect, test } from 'vitest';
import { Code, StatusError } from '../../../../src/base/status.js';
import {
  encodeHeader,
  SEGMENT_FORMAT_VERSION,
} from '../../../../src/master/journal/local/segment.js';
import type { FaultFs } from '../../../support/fault-fs.js';
import { makeBatch, seqsOf, upTo } from '../batches.js';
import { appendSizes, CLUSTER, openWal, SEGMENT_BYTES, writeJournal } from './journal-kit.js';

/** Four segments: 1-4, 5-8, 9-12, 13-14. */
const FOUR = Array.from({ length: 14 }, () => [60_000]);
const SECOND = '00000000000000000005.wal';
const THIRD = '00000000000000000009.wal';
const LAST = '00000000000000000013.wal';
/** mark, then an entry of one SIDE change: header 48 + change 8 + 8 + key + 60,000, padded. */
const ENTRY_BYTES = 60_072;
const STEP_BYTES = 48 + ENTRY_BYTES;

function refusal(fs: FaultFs, options = {}, replay = {}): StatusError {
  try {
    openWal(fs, options, replay);
  } catch (error) {
    expect(error).toBeInstanceOf(StatusError);
    return error as StatusError;
  }
  throw new Error('the journal was not refused');
}

describe('refused', () => {
  test('150: a damaged record in the middle, naming segment and offset', () => {
    const fs = writeJournal(FOUR);
    const offset = 4096 + STEP_BYTES + 48;
    fs.flip(SECOND, offset + 500, 3);
    const error = refusal(fs);
    expect(error.code).toBe(Code.DATA_LOSS);
    expect(error.path).toBe(`/data/journal/${SECOND}`);
    expect(error.message).toBe(
      `/data/journal/${SECOND}: offset ${offset}: ` +
        'a damaged record, and a later segment exists (expected seq 6).',
    );
    expect(error.hint).toContain('orchard admin journal');
  });

  test('a damaged record of the last segment that was durable once', () => {
    const fs = writeJournal(FOUR);
    fs.flip(LAST, 4096 + 48 + 500, 3);
    expect(refusal(fs).message).toContain(
      `${LAST}: offset ${4096 + 48}: a damaged record that was durable once (expected seq 13)`,
    );
  });

  test('the very last record, when closing proved it', () => {
    const fs = writeJournal(FOUR);
    fs.flip(LAST, 4096 + STEP_BYTES + 48 + 500, 3);
    expect(refusal(fs).message).toContain('durable once (expected seq 14)');
  });

  test('a record whose salt is damaged, which looks like no record at all', () => {
    const fs = writeJournal(FOUR);
    fs.flip(LAST, 4096 + 48 + 44, 0);
    expect(refusal(fs).message).toContain('nothing where a durable record was (expected seq 13)');
  });

  test('a segment missing in the middle', () => {
    const fs = writeJournal(FOUR);
    fs.remove(THIRD);
    const error = refusal(fs);
    expect(error.code).toBe(Code.DATA_LOSS);
    expect(error.message).toBe(
      `/data/journal/${LAST}: offset 0: the segment begins with seq 13, but 9 comes next: ` +
        '4 entries are missing.',
    );
  });

  test('entries that the flushed state lacks were trimmed', () => {
    const fs = writeJournal(FOUR);
    fs.remove('00000000000000000001.wal');
    expect(refusal(fs, {}, { fromSeq: 3 }).message).toContain('2 entries are missing');
    expect(seqsOf(openWal(fs, {}, { fromSeq: 5 }).entries)).toEqual(upTo(14).slice(4));
  });

  test('a segment under another name', () => {
    const fs = writeJournal(FOUR);
    fs.rename(SECOND, '00000000000000000006.wal');
    expect(refusal(fs).message).toContain('the header says first seq 5, the file name 6');
  });

  test('a segment that overlaps the one before it', () => {
    const fs = writeJournal(FOUR);
    const forged = header({ firstSeq: 7 });
    fs.bytes(SECOND).set(forged);
    fs.rename(SECOND, '00000000000000000007.wal');
    fs.remove(THIRD);
    fs.remove(LAST);
    expect(refusal(fs).message).toContain('begins with seq 7, but 5 comes next');
    fs.bytes('00000000000000000007.wal').set(header({ firstSeq: 3 }));
    fs.rename('00000000000000000007.wal', '00000000000000000003.wal');
    expect(refusal(fs).message).toContain('begins with seq 3, but the one before it ends with 4');
  });

  test('a damaged header', () => {
    const fs = writeJournal(FOUR);
    fs.flip(SECOND, 100, 0);
    expect(refusal(fs).message).toBe(
      `/data/journal/${SECOND}: offset 0: the segment header is damaged.`,
    );
  });

  test('another format version, another cluster: sound files, but not ours', () => {
    const fs = writeJournal(FOUR);
    fs.bytes(SECOND).set(header({ formatVersion: SEGMENT_FORMAT_VERSION + 1 }));
    const version = refusal(fs);
    expect(version.code).toBe(Code.FAILED_PRECONDITION);
    expect(version.message).toContain('segment format 2, this version reads 1');
    const other = refusal(writeJournal(FOUR), { clusterId: 'cluster-b' });
    expect(other.code).toBe(Code.FAILED_PRECONDITION);
    expect(other.message).toContain(`of cluster ${CLUSTER}, this master of cluster-b`);
  });

  test('a journal that ends before the flushed state, or is not there at all', () => {
    expect(refusal(writeJournal(FOUR), {}, { fromSeq: 16 }).message).toContain(
      'the journal ends with seq 14, but the stored namespace has every change up to seq 15',
    );
    const empty = writeJournal([]);
    for (const file of empty.files()) empty.remove(file);
    expect(refusal(empty, {}, { fromSeq: 5 }).message).toContain('there is no segment');
    expect(openWal(empty, {}, { fromSeq: 5, mayBeEmpty: true }).wal.nextSeq).toBe(5);
  });

  test('without syncs, a journal that fell behind the flushed state begins anew', () => {
    const fs = writeJournal(FOUR);
    const { wal, entries } = openWal(fs, { sync: 'none' }, { fromSeq: 20 });
    expect([wal.nextSeq, entries.length]).toEqual([20, 0]);
    appendSizes(wal, [1]);
    wal.close();
    expect(seqsOf(openWal(fs, { sync: 'none' }, { fromSeq: 20 }).entries)).toEqual([20]);
  });

  function header(change: { firstSeq?: number; formatVersion?: number }): Uint8Array {
    return encodeHeader({
      formatVersion: SEGMENT_FORMAT_VERSION,
      clusterId: CLUSTER,
      firstSeq: 5,
      salt: 1,
      segmentBytes: SEGMENT_BYTES,
      createdMs: 0,
      ...change,
    });
  }
});

describe('cut', () => {
  test('150: a last record that is cut off is dropped, and its place is used again', () => {
    const fs = writeJournal(FOUR);
    fs.wipe(LAST, 4096 + STEP_BYTES + 48 + 1000);
    const { wal, entries } = openWal(fs);
    expect(seqsOf(entries)).toEqual(upTo(13));
    expect(wal.recovery.cut).toEqual({
      file: LAST,
      offset: 4096 + STEP_BYTES + 48,
      why: 'the write that the crash interrupted',
    });
    appendSizes(wal, [10]);
    wal.sync();
    expect(seqsOf(openWal(fs.kill()).entries)).toEqual(upTo(14));
  });

  test('records behind a torn one never come back, though they are whole', () => {
    const fs = writeJournal([]);
    appendSizes(openWal(fs).wal, [1000, 1000, 1000]);
    const first = '00000000000000000001.wal';
    fs.flip(first, 4096 + 48 + 100, 1);
    const disk = fs.kill();
    const next = openWal(disk);
    expect([next.entries, next.wal.recovery.cut?.offset]).toEqual([[], 4096 + 48]);
    // The new entry 1 takes the place of the torn one; the old entry 2 would follow it.
    next.wal.append(makeBatch(1, next.wal.currentSalt, [1000 - 48]), 1, 1);
    next.wal.sync();
    expect(seqsOf(openWal(disk.kill()).entries)).toEqual([1]);
  });
});
