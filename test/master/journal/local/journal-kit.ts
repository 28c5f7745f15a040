/** Builds sealed batches and opens journals on a FaultFs: what the journal's tests share. */
import { EntryWriter, sealEntry } from '../../../../src/master/journal/entry.js';
import { decodeEntry, type Entry } from '../../../../src/master/journal/entry-decode.js';
import type { Replay } from '../../../../src/master/journal/journal.js';
import { SegmentPool } from '../../../../src/master/journal/local/segment-pool.js';
import { Wal, type WalOptions } from '../../../../src/master/journal/local/wal.js';
import { FaultFs } from '../../../support/fault-fs.js';

export const DIRECTORY = '/data/journal';
export const CLUSTER = 'cluster-a';
/** The smallest whole number of pages above SEGMENT_BYTES_MIN. */
export const SEGMENT_BYTES = 66 * 4096;
const SIDE_STRING = 1;

/** One entry per size: a side record whose value has that many bytes, all of them the seq's. */
export function makeBatch(firstSeq: number, salt: number, sizes: readonly number[]): Uint8Array {
  const room = sizes.reduce((sum, size) => sum + size + 256, 0);
  const bytes = new Uint8Array(room);
  const writer = new EntryWriter(bytes);
  let at = 0;
  for (const [i, size] of sizes.entries()) {
    const seq = firstSeq + i;
    writer.begin(at, 1_000 + seq, 7, seq, 3);
    writer.side(SIDE_STRING, keyOf(seq), new Uint8Array(size).fill(seq & 0xff));
    const length = writer.finish();
    sealEntry(bytes, at, seq, salt);
    at += length;
  }
  return bytes.subarray(0, at);
}

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

export const seqsOf = (entries: readonly Entry[]): number[] => entries.map(({ seq }) => seq);

/** 1 … last. */
export const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1);

export function keyOf(seq: number): Uint8Array {
  return new TextEncoder().encode(`key-${seq}`);
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
