/** The report of a journal directory: sound, torn, damaged, and while it is written. */
import { expect, test } from 'vitest';
import {
  inspectJournal,
  type SegmentReport,
} from '../../../../src/master/journal/local/inspect.js';
import type { FaultFs } from '../../../support/fault-fs.js';
import {
  appendSizes,
  CLUSTER,
  DIRECTORY,
  openWal,
  SEGMENT_BYTES,
  writeJournal,
} from './journal-kit.js';

const FOUR = Array.from({ length: 14 }, () => [60_000]);

async function inspect(fs: FaultFs): Promise<SegmentReport[]> {
  const reports: SegmentReport[] = [];
  for await (const report of inspectJournal(DIRECTORY, { fs })) reports.push(report);
  return reports;
}

const brief = (reports: SegmentReport[]): unknown[] =>
  reports.map(({ firstSeq, lastSeq, entryCount, state }) => [firstSeq, lastSeq, entryCount, state]);

test('reports each segment with its seqs, bytes and state', async () => {
  const reports = await inspect(writeJournal(FOUR));
  expect(brief(reports)).toEqual([
    [1, 4, 4, 'closed'],
    [5, 8, 4, 'closed'],
    [9, 12, 4, 'closed'],
    [13, 14, 2, 'open'],
  ]);
  expect(reports[0]).toMatchObject({
    file: `${DIRECTORY}/00000000000000000001.wal`,
    usedBytes: 4096 + 4 * (48 + 60_072),
    segmentBytes: SEGMENT_BYTES,
    clusterId: CLUSTER,
    problem: null,
  });
});

test('reports damage where recovery would refuse, and goes on behind it', async () => {
  const fs = writeJournal(FOUR);
  fs.flip('00000000000000000001.wal', 100, 1);
  fs.flip('00000000000000000005.wal', 70_000, 1);
  const reports = await inspect(fs);
  expect(brief(reports)).toEqual([
    [1, 0, 0, 'damaged'],
    [5, 5, 1, 'damaged'],
    [9, 12, 4, 'closed'],
    [13, 14, 2, 'open'],
  ]);
  expect(reports.map(({ problem }) => problem)).toEqual([
    expect.stringContaining('the segment header is damaged'),
    expect.stringContaining('a damaged record, and a later segment exists (expected seq 6)'),
    null,
    null,
  ]);
});

test('reports a segment that is missing', async () => {
  const fs = writeJournal(FOUR);
  fs.remove('00000000000000000005.wal');
  const problems = (await inspect(fs)).map(({ problem }) => problem);
  expect(problems).toEqual([
    null,
    expect.stringContaining('begins with seq 9, but 5 comes next: 4 entries are missing'),
    null,
  ]);
});

test('an interrupted write is a torn tail; the entries come to the handler', async () => {
  const fs = writeJournal([[10], [20]]);
  const { wal } = openWal(fs);
  appendSizes(wal, [30]);
  fs.flip('00000000000000000001.wal', SEGMENT_BYTES - wal.roomBytes - 144 - 8, 0);
  const seqs: number[] = [];
  const onEntry = (_: Uint8Array, __: number, ___: number, seq: number): unknown => seqs.push(seq);
  const reports: SegmentReport[] = [];
  for await (const report of inspectJournal(DIRECTORY, { fs, onEntry })) reports.push(report);
  expect(brief(reports)).toEqual([[1, 2, 2, 'torn']]);
  expect(seqs).toEqual([1, 2]);
});

test('segments that are trimmed meanwhile are passed over', async () => {
  const fs = writeJournal(FOUR);
  const reports: SegmentReport[] = [];
  for await (const report of inspectJournal(DIRECTORY, { fs })) {
    reports.push(report);
    if (reports.length === 1) fs.remove('00000000000000000005.wal');
  }
  expect(brief(reports)).toEqual([
    [1, 4, 4, 'closed'],
    [9, 12, 4, 'closed'],
    [13, 14, 2, 'open'],
  ]);
  expect(fs.openCount).toBe(0);
});
