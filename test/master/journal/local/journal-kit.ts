/** Opens journals on a FaultFs: what the journal's tests share. */
import { decodeEntry, type Entry } from '../../../../src/master/journal/entry-decode.js';
import type { Replay } from '../../../../src/master/journal/journal.js';
import { SegmentPool } from '../../../../src/master/journal/local/segment-pool.js';
import { Wal, type WalOptions } from '../../../../src/master/journal/local/wal.js';
import { FaultFs } from '../../../support/fault-fs.js';
import { makeBatch } from '../batches.js';

export const DIRECTORY = '/data/journal';
export const CLUSTER = 'cluster-a';
/** The smallest whole number of pages above SEGMENT_BYTES_MIN. */
export const SEGMENT_BYTES = 66 * 4096;

/** Appends one batch, switching first when it does not fit; returns its last seq. */
export function appendSizes(wal: Wal, sizes: readonly number[]): number {
  const first = wal.nextSeq;
  const salt = wal.reserve(makeBatch(first, 0, sizes).length);
  const last = first + sizes.length - 1;
  wal.append(makeBatch(first, salt, sizes), first, last);
  return last;
}

/** The segments as the flusher's thread has them. */
export const poolOf = (fs: FaultFs, spareCount = 2): SegmentPool =>
  new SegmentPool(DIRECTORY, { segmentBytes: SEGMENT_BYTES, fs, spareCount });

export type Opened = { readonly wal: Wal; readonly entries: Entry[] };

export function openWal(
  fs: FaultFs,
  options: Partial<WalOptions> = {},
  replay: Partial<Replay> = {},
): Opened {
  const entries: Entry[] = [];
  const wal = Wal.open(
    DIRECTORY,
    { clusterId: CLUSTER, segmentBytes: SEGMENT_BYTES, sync: 'commit', fs, ...options },
    {
      fromSeq: 1,
      onEntry: (bytes, offset) => entries.push(decodeEntry(bytes, offset)),
      buffer: new Uint8Array(600 * 1024),
      ...replay,
    },
  );
  return { wal, entries };
}

/** A journal of `batches` on a fresh disk, closed properly. */
export function writeJournal(batches: readonly (readonly number[])[]): FaultFs {
  const fs = new FaultFs();
  const { wal } = openWal(fs);
  for (const sizes of batches) {
    appendSizes(wal, sizes);
    wal.sync();
  }
  wal.close();
  return fs;
}
