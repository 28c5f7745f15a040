/**
 * The namespace exactly as it was at one seq, in an LMDB environment of its own that nobody else
 * changes; verify and digest read it. It is made from a capture and replayed to its end. It lies on
 * the disk of the data directory, so memory does not depend on the size of the namespace.
 *
 *   <data dir>/scratch/state-<random>/   LMDB, and `entries`: the captured journal
 *
 * Invariant: one at a time in a data directory; remains of a dead process are removed first.
 */
import { closeSync, mkdtempSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdir, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Code, StatusError } from '../../base/status.js';
import type { EntryHandler } from '../journal/journal.js';
import { type TableName, Tier2 } from '../storage/tier2.js';
import {
  type CaptureControl,
  type CaptureSink,
  type CaptureStart,
  capture,
  type EntrySource,
} from './capture.js';
import { ENTRY_CHUNK_BYTES, EntryChunks } from './entry-chunks.js';
import { Findings } from './findings.js';
import { RecordCodec } from './record-codec.js';
import { Replay } from './replay.js';
import { type Row, RowWriter } from './table-rows.js';

const SCRATCH = 'scratch';
/** The share of the copy's size beyond tier 2's own: its pages are filled less well. */
const SPACE_SHARE = 1.25;

export type StateSource = {
  /** The directory for scratch/. */
  readonly dataDir: string;
  readonly mapBytes: number;
  /** Bytes that stay free on the disk. */
  readonly reserveBytes: number;
  readonly tier2: Tier2;
  readonly entries: EntrySource;
};

export class ExactState implements CaptureSink {
  readonly tier2: Tier2;
  readonly codec = new RecordCodec();
  seq = 0;
  idNext = 0;
  /** Faults of the stored rows themselves; the copy lacks these rows. */
  readonly findings = new Findings();
  readonly #directory: string;
  readonly #rows: RowWriter;
  readonly #spool: number;
  readonly #chunks: EntryChunks;
  readonly #chunkBytes: number[] = [];

  private constructor(directory: string, mapBytes: number) {
    this.#directory = directory;
    this.tier2 = new Tier2(directory, { mapBytes, noSync: true });
    this.#rows = new RowWriter(this.tier2, (table, key) => {
      this.findings.add('table-order', 0, keyText(table, key), 'it stands before its predecessor');
    });
    this.#spool = openSync(join(directory, 'entries'), 'wx+', 0o600);
    this.#chunks = new EntryChunks((chunk) => {
      const written = writeSync(this.#spool, chunk);
      if (written !== chunk.length) throw noSpace(directory);
      this.#chunkBytes.push(written);
    });
  }

  static async make(source: StateSource, control: CaptureControl): Promise<ExactState> {
    await removeScratch(source.dataDir);
    const parent = join(source.dataDir, SCRATCH);
    await mkdir(parent, { recursive: true, mode: 0o700 });
    const bytes = source.tier2.stats().bytes * SPACE_SHARE + source.reserveBytes;
    await refuseWithoutSpace(parent, bytes);
    const state = new ExactState(mkdtempSync(join(parent, 'state-')), source.mapBytes);
    try {
      const { seq } = await capture(source.tier2, source.entries, state, control);
      state.seq = seq;
      await state.#replay(control.signal);
      return state;
    } catch (error) {
      await state.dispose();
      throw error;
    }
  }

  begin({ idNext }: CaptureStart): void {
    this.idNext = idNext;
  }

  rows(table: TableName, rows: readonly Row[]): void {
    this.#rows.write(table, rows);
  }

  damaged(table: TableName, key: Uint8Array): void {
    this.findings.add('row-damaged', 0, keyText(table, key), 'its checksum is not of these bytes');
  }

  readonly entry: EntryHandler = (bytes, offset, length) => this.#chunks.add(bytes, offset, length);

  async dispose(): Promise<void> {
    closeSync(this.#spool);
    await this.tier2.close();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #replay(signal: AbortSignal): Promise<void> {
    this.#chunks.flush();
    const replay = new Replay(this.tier2, this.codec);
    const buffer = Buffer.alloc(ENTRY_CHUNK_BYTES);
    let at = 0;
    for (const bytes of this.#chunkBytes) {
      readSync(this.#spool, buffer, 0, bytes, at);
      replay.apply(buffer.subarray(0, bytes));
      at += bytes;
      await setImmediate();
      signal.throwIfAborted();
    }
    this.idNext = Math.max(this.idNext, replay.idNext);
  }
}

const keyText = (table: TableName, key: Uint8Array): string =>
  `${table} key ${Buffer.from(key).toString('hex')}`;

/** The remains of a process that died during a copy. */
async function removeScratch(dataDir: string): Promise<void> {
  await rm(join(dataDir, SCRATCH), { recursive: true, force: true });
}

async function refuseWithoutSpace(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < bytes) throw noSpace(directory);
}

function noSpace(directory: string): StatusError {
  return new StatusError(
    Code.RESOURCE_EXHAUSTED,
    `${directory} has no room for a copy of the metadata.`,
    { path: directory, hint: 'Free there what meta/ takes, half as much again, and the reserve.' },
  );
}
