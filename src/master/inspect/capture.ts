/**
 * Copies the namespace, exact at one seq, while others change it, without stopping anybody and
 * without a long LMDB snapshot: rows of tier 2 in key order, in short batches, and the journal's
 * entries from before the first batch to after the last. Replayed to its end, the copy is the
 * namespace at seq S, the last entry.
 *
 *   hold the journal ─▶ A = appliedSeq ─▶ names, mounts ─▶ rows … rows … rows ─▶ S = durable
 *                            └────────── entries A+1 … as they become durable ──────────┘
 *
 * Why batches from different moments are exact:
 *  1. The namespace maps keys (an edge; an id of the id index; a side record) to values. The effect
 *     of a change on a key depends only on that key's value: PUT, REMOVE and SIDE are absolute, and
 *     PARENT is skipped by a record that has the entry's seq or a later one. So it is enough to
 *     prove one key.
 *  2. Every batch is read after A was, so for its key it shows everything up to A and perhaps some
 *     changes behind it: the value after the key's changes up to some seq m >= A (the flusher
 *     copies a slot as it is, from between two changes). All of those were durable before they
 *     were applied, so m <= S, as S is read last.
 *  3. Replay A+1 … S on that value. If a PUT or REMOVE of the key is among them, the last one gives
 *     the exact value, whatever was there before, and the PARENTs behind it count as they did. If
 *     there are only PARENTs, those up to m are skipped, since the record has seq m, and the others
 *     count as they did.
 *  4. A key that came into being behind the cursor, or moved there, has its PUT in A+1 … S.
 * Names are the exception to 1: they are numbered by their order. So they are read in one batch,
 * the one that A is read with; later ones get their numbers in the replay, as they got them first.
 *
 * Answers of the retry window (`calls`) come with the flush that moves A. Those after A are left
 * out, because the replay makes them again.
 *
 * Why the journal still has A+1 …: the flusher loads JOURNAL_KEEP_SEQ after it has stored
 * FLUSHED_SEQ = F, and trims up to F at most. If it did not see ours, it loaded before we stored,
 * so the commit of F was before we read A, and A >= F. The hold follows what was copied, so the
 * journal grows by what is written in one batch's time.
 *
 * Why not one long snapshot: LMDB could not reuse any page that is freed meanwhile, and the file of
 * tier 2 would keep that size for good.
 */
import { setImmediate } from 'node:timers/promises';
import type { EntryHandler } from '../journal/journal.js';
import { SIDE_MOUNT, SIDE_STRING } from '../memory/entry-format.js';
import { noInodes } from '../memory/inode-counts.js';
import { ID_FIRST_FREE } from '../memory/record.js';
import { isSealed } from '../storage/sealed-table.js';
import { sideKey, type TableName, type Tier2, type Tier2State } from '../storage/tier2.js';
import { RecordCodec } from './record-codec.js';
import { type Row, rowsFrom } from './table-rows.js';

const BATCH_ROWS = 4096;
/** Behind names and mounts in the side table, before all else. */
const BEHIND_SMALL = sideKey(SIDE_MOUNT + 1, new Uint8Array(0));
/** The journal is followed this often. */
const FOLLOW_ROWS = 65_536;
const TABLE_ORDER = ['inodes', 'ids', 'side', 'expiries', 'calls'] as const;

/** The journal beside tier 2, of a running master or of a directory at rest. */
export type EntrySource = {
  /** Keeps the entries after the last flush, before anything is read. */
  hold(): void;
  /** Hands over entries that became durable after `appliedSeq` and were not handed over yet. */
  follow(appliedSeq: number, onEntry: EntryHandler): void;
  /** The same up to the end, which is S. */
  finish(appliedSeq: number, onEntry: EntryHandler): number;
  release(): void;
};

/** Where a copy goes. Rows of a table come in the order of their keys. */
export type CaptureSink = {
  begin(start: CaptureStart): void;
  rows(table: TableName, rows: readonly Row[]): void;
  /** A damaged row: it is not among the rows. */
  damaged(table: TableName, key: Uint8Array): void;
  entry: EntryHandler;
};

export type CaptureStart = Tier2State;

export type CaptureControl = {
  readonly signal: AbortSignal;
  /** Rows so far, and how many inodes there are: most rows are those of inodes. */
  readonly onProgress: (rows: number, total: number) => void;
};

export type Captured = CaptureStart & { readonly seq: number; readonly rows: number };

export async function capture(
  tier2: Tier2,
  entries: EntrySource,
  sink: CaptureSink,
  control: CaptureControl,
): Promise<Captured> {
  entries.hold();
  try {
    tier2.releaseSnapshot();
    const state = tier2.state;
    const start = {
      appliedSeq: state?.appliedSeq ?? 0,
      idNext: state?.idNext ?? ID_FIRST_FREE,
      inodes: state?.inodes ?? noInodes(),
    };
    sink.begin(start);
    const codec = new RecordCodec();
    const total = tier2.stats().inodes;
    // In the same snapshot as the state: nothing is awaited in between.
    let rows = copySmall(tier2, sink);
    let followed = rows;
    for (const table of TABLE_ORDER) {
      let after: Uint8Array | undefined = table === 'side' ? BEHIND_SMALL : undefined;
      for (let isLast = false; !isLast; ) {
        const batch = rowsFrom(tier2.tables[table], after, BATCH_ROWS);
        tier2.releaseSnapshot();
        const whole = batch.rows.filter(
          (row) => isWhole(table, row, codec) || damaged(sink, table, row),
        );
        sink.rows(table, table === 'calls' ? whole.filter(isUpTo(start.appliedSeq)) : whole);
        rows += batch.rows.length;
        after = batch.rows.at(-1)?.key;
        isLast = batch.isLast;
        control.onProgress(rows, total);
        if (rows - followed >= FOLLOW_ROWS) {
          entries.follow(start.appliedSeq, sink.entry);
          followed = rows;
        }
        await setImmediate();
        control.signal.throwIfAborted();
      }
    }
    const seq = entries.finish(start.appliedSeq, sink.entry);
    return { ...start, seq, rows };
  } finally {
    entries.release();
  }
}

/** Names and mounts, in one snapshot: all of them, however many batches it takes. */
function copySmall(tier2: Tier2, sink: CaptureSink): number {
  let after = sideKey(SIDE_STRING, new Uint8Array(0));
  let count = 0;
  for (let isLast = false; !isLast; ) {
    const batch = rowsFrom(tier2.tables.side, after, BATCH_ROWS, BEHIND_SMALL);
    const isGood = (row: Row) => isSealed(row.key, row.value) || damaged(sink, 'side', row);
    sink.rows('side', batch.rows.filter(isGood));
    after = batch.rows.at(-1)?.key ?? after;
    isLast = batch.isLast;
    count += batch.rows.length;
  }
  return count;
}

function isWhole(table: TableName, { key, value }: Row, codec: RecordCodec): boolean {
  return table === 'inodes' ? codec.decode(key, value) : isSealed(key, value);
}

function damaged(sink: CaptureSink, table: TableName, { key }: Row): false {
  sink.damaged(table, key);
  return false;
}

/** Rows of `calls` begin with the seq of their first answer, big-endian, and end with a flush. */
const isUpTo =
  (appliedSeq: number) =>
  ({ key }: Row): boolean =>
    Number(Buffer.from(key).readBigUInt64BE()) <= appliedSeq;
