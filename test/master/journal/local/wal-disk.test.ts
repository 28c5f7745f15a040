/** The same journal on a real disk, with batches in shared memory as the writer has them. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { inspectJournal } from '../../../../src/master/journal/local/inspect.js';
import { segmentFile } from '../../../../src/master/journal/local/segment.js';
import { SegmentPool } from '../../../../src/master/journal/local/segment-pool.js';
import { Wal } from '../../../../src/master/journal/local/wal.js';
import { makeBatch, upTo } from '../batches.js';
import { CLUSTER, SEGMENT_BYTES } from './journal-kit.js';

let directory = '';
beforeEach(() => {
  directory = path.join(mkdtempSync(path.join(tmpdir(), 'orchard-wal-')), 'journal');
});
afterEach(() => rmSync(path.dirname(directory), { recursive: true, force: true }));

function open(fromSeq = 1): { wal: Wal; seqs: number[] } {
  const seqs: number[] = [];
  const wal = Wal.open(
    directory,
    { clusterId: CLUSTER, segmentBytes: SEGMENT_BYTES, sync: 'commit' },
    {
      fromSeq,
      onEntry: (_bytes, _offset, _length, seq) => seqs.push(seq),
      buffer: new Uint8Array(new SharedArrayBuffer(1 << 20), 4096),
    },
  );
  return { wal, seqs };
}

test('append from shared memory, switch, trim, restart, inspect', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(SEGMENT_BYTES));
  const first = open();
  for (let seq = 1; seq <= 12; seq++) {
    const batch = makeBatch(seq, first.wal.reserve(60_072), [60_000]);
    shared.set(batch, 64);
    first.wal.append(shared.subarray(64, 64 + batch.length), seq, seq);
    first.wal.sync();
  }
  expect(statSync(path.join(directory, segmentFile(1))).size).toBe(SEGMENT_BYTES);

  // Another thread's pool, as the flusher has it.
  const pool = new SegmentPool(directory, { segmentBytes: SEGMENT_BYTES, spareCount: 2 });
  expect(pool.trim(8)).toBe(2);
  expect(pool.prepareSpare()).toBe(false);
  expect(pool.usage()).toEqual({ segmentCount: 1, spareCount: 2, bytes: 3 * SEGMENT_BYTES });
  first.wal.close();

  const second = open(9);
  expect(second.seqs).toEqual(upTo(12).slice(8));
  second.wal.switchSegment();
  second.wal.close();
  const states: string[] = [];
  for await (const { state } of inspectJournal(directory)) states.push(state);
  expect(states).toEqual(['closed', 'open']);
});
