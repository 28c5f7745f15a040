/**
 * Fills an empty data directory from a backup: rows into tier 2, entries into the journal. The next
 * start of a master replays the entries, as after a crash. Then the namespace is exactly that of
 * the backup's last entry.
 */
import { setImmediate } from 'node:timers/promises';
import { readU64 } from '../../base/word64.js';
import { sealEntry } from '../journal/entry.js';
import type { Journal, JournalAppender } from '../journal/journal.js';
import * as E from '../memory/entry-format.js';
import { type TableName, Tier2 } from '../storage/tier2.js';
import { BlockKind, decodeRows } from './backup-format.js';
import type { BackupReader } from './backup-reader.js';
import type { InspectControl } from './inspect.js';
import { type Row, RowWriter } from './table-rows.js';

/** Rows of one transaction: each transaction waits for the disk. */
const COMMIT_ROWS = 65_536;

export type RestorePlace = {
  readonly meta: string;
  readonly mapBytes: number;
  /** It need not sync by itself: its content is durable when it is closed. */
  readonly journal: Journal;
};

/** Reads the whole file without writing anything; throws at the first fault. */
export async function checkBackup(reader: BackupReader, control: InspectControl): Promise<void> {
  const { bytes } = reader;
  for (const _ of reader.blocks()) await tell(reader, control, 'checking', { at: 0, bytes });
}

/** A second reader of the same file goes through it again. */
export async function restoreBackup(
  reader: BackupReader,
  place: RestorePlace,
  control: InspectControl,
): Promise<void> {
  const { head, bytes } = reader;
  const tier2 = new Tier2(place.meta, { mapBytes: place.mapBytes });
  const journal = place.journal.recover({
    fromSeq: head.appliedSeq + 1,
    onEntry: () => undefined,
    mayBeEmpty: true,
  });
  try {
    const rows = new CommittedRows(tier2);
    for (const { kind, payload } of reader.blocks()) {
      if (kind === BlockKind.ENTRIES) appendEntries(journal, payload);
      else if (kind === BlockKind.ROWS) rows.add(decodeRows(payload));
      await tell(reader, control, 'restoring', { at: bytes, bytes });
    }
    rows.flush();
    const { appliedSeq, idNext, inodes } = head;
    tier2.claim(head.clusterId);
    const state = { appliedSeq, idNext, ...(inodes === undefined ? {} : { inodes }) };
    tier2.transact(() => tier2.putState(state));
  } finally {
    journal.close();
    await tier2.close();
  }
}

/** Rows of one table after the other, many in a transaction. */
class CommittedRows {
  readonly #writer: RowWriter;
  #table: TableName = 'inodes';
  #rows: Row[] = [];

  constructor(tier2: Tier2) {
    // Whole blocks hold the rows as read; a table that is out of order is restored as it was.
    this.#writer = new RowWriter(tier2, () => undefined);
  }

  add({ table, rows }: { readonly table: TableName; readonly rows: readonly Row[] }): void {
    if (table !== this.#table || this.#rows.length >= COMMIT_ROWS) this.flush();
    this.#table = table;
    for (const row of rows) this.#rows.push(row);
  }

  flush(): void {
    if (this.#rows.length > 0) this.#writer.write(this.#table, this.#rows);
    this.#rows = [];
  }
}

/** Sealed again, because a segment has a salt of its own. */
function appendEntries(journal: JournalAppender, entries: Buffer): void {
  for (let at = 0; at < entries.length; ) {
    const length = entries.readUInt32LE(at + E.ENTRY_LENGTH);
    const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
    const seq = readU64(view, at + E.ENTRY_SEQ);
    sealEntry(entries, at, seq, journal.reserve(length));
    journal.append(entries.subarray(at, at + length), seq, seq);
    at += length;
  }
}

/** The file is read twice, to check it and to restore it: a byte is done after both. */
async function tell(
  reader: BackupReader,
  { signal, onProgress }: InspectControl,
  path: string,
  { at, bytes }: { readonly at: number; readonly bytes: number },
): Promise<void> {
  onProgress({ done: Math.floor((at + reader.at) / 2), total: bytes, path });
  await setImmediate();
  signal.throwIfAborted();
}
