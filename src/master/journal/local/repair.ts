/**
 * Makes a refused journal into one that recovery accepts. The old one is kept completely.
 *
 *   entries        1  2  3  ▒  5  6        ▒ cannot be read
 *   cut            1  2  3  ○  ○  ○        what comes before the damage, without holes
 *   skip damaged   1  2  3  ○  5  6        all that can be read, though it may build on lost ones
 *
 *   ○ an entry of the same seq that changes nothing (LOST_OP). No seq is given out twice: tier 2
 *     may hold records with the seqs that were lost, and would take new changes for old ones.
 *
 * Entries that tier 2 has for certain are not needed, so the new journal begins after them. It ends
 * where the old one is known to have ended at the earliest: by its marks, and by the watermark.
 */
import { assert } from '../../../base/assert.js';
import { ENTRY_CHANGES } from '../../memory/entry-format.js';
import { EntryWriter, sealEntry } from '../entry.js';
import { salvageJournal } from './salvage.js';
import { Wal } from './wal.js';
import type { Reach } from './watermark.js';

/** Stands for a lost entry: Op.LOST of ops/op-codes.ts. */
const LOST_OP = 18;

export type RepairMode = 'cut' | 'skip';

export type RepairSink = {
  /** An entry that the new journal has. */
  readonly keep: (bytes: Uint8Array, offset: number, length: number, seq: number) => void;
  /** An entry that it lacks: its bytes, or null if they cannot be read. */
  readonly lose: (seq: number, bytes: Uint8Array | null, offset: number) => void;
};

export type RepairRange = {
  readonly fromSeq: number;
  readonly mode: RepairMode;
  readonly reach: Reach;
};

/** Reads the journal once; returns the last seq that it is known to have had. */
export function planRepair(
  directory: string,
  { fromSeq, mode, reach }: RepairRange,
  sink: RepairSink,
): number {
  let next = fromSeq;
  let isCut = false;
  const loseTo = (end: number): void => {
    for (; next < end; next++) {
      isCut ||= mode === 'cut';
      sink.lose(next, null, 0);
    }
  };
  const durableSeq = salvageJournal(directory, (bytes, offset, length, seq) => {
    if (seq < next) return;
    loseTo(seq);
    if (isCut) sink.lose(seq, bytes, offset);
    else sink.keep(bytes, offset, length, seq);
    next = seq + 1;
  });
  loseTo(Math.max(durableSeq, reach.seq, reach.segment - 1) + 1);
  return next - 1;
}

/** Writes the new journal into an empty directory; all of it is durable when this returns. */
export function writeRepaired(
  from: string,
  to: string,
  options: RepairRange & { readonly clusterId: string; readonly segmentBytes: number },
): void {
  const { fromSeq, clusterId, segmentBytes } = options;
  const wal = Wal.open(
    to,
    { clusterId, segmentBytes, sync: 'commit', spareCount: 0 },
    { fromSeq, mayBeEmpty: true, onEntry: () => assert(false, 'the new journal is empty') },
  );
  const filler = new Uint8Array(ENTRY_CHANGES);
  const append = (entry: Uint8Array, seq: number): void => {
    sealEntry(entry, 0, seq, wal.reserve(entry.length));
    wal.append(entry, seq, seq);
  };
  planRepair(from, options, {
    keep: (bytes, offset, length, seq) => append(bytes.slice(offset, offset + length), seq),
    lose: (seq) => {
      const writer = new EntryWriter(filler);
      writer.begin(0, Date.now(), 0, 0, LOST_OP);
      writer.finish();
      append(filler, seq);
    },
  });
  wal.close();
}
