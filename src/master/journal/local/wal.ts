/**
 * The write-ahead log of one master: batches of sealed entries into segment files, one write and
 * one fdatasync each. Belongs to one thread, the writer.
 *
 *   reserve(bytes)       switches segments where this one has no room: the salt changes
 *         │ salt
 *   seal with it ─▶ append(batch) ─▶ sync() ─▶ durable: apply, acknowledge
 *
 * Fail-stop: after a short or failed write, or a failed sync, nobody knows what the disk holds. A
 * second fsync may even succeed after the kernel has dropped the pages (PostgreSQL's fsyncgate). So
 * the object is poisoned: from then on it throws the same JournalFailure.
 *
 * Invariant: entries never straddle segments; seqs are dense.
 * Invariant: a mark tells of no seq that was not synced, however many batches share a sync.
 * Mode none: no sync but at a switch of segments; a crash of the machine loses what the kernel had
 * not written, and the log is cut at the first hole. A crash of the process loses nothing.
 */
import path from 'node:path';
import { assert } from '../../../base/assert.js';
import { Code, StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import * as E from '../../memory/entry-format.js';
import { JournalFailure } from '../failure.js';
import type { JournalAppender, Recovery, Replay } from '../journal.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';
import { type JournalEnd, type LastSegment, readJournal } from './reader.js';
import {
  END_BYTES,
  MARK_BYTES,
  SEGMENT_HEADER_BYTES,
  segmentFile,
  writeEnd,
  writeMark,
} from './segment.js';
import { listSegments, SegmentPool, writeAll, zeroRange } from './segment-pool.js';
import { readWatermark, Watermark } from './watermark.js';

export type WalOptions = {
  readonly clusterId: string;
  readonly segmentBytes: number;
  readonly sync: 'commit' | 'none';
  readonly fs?: JournalFs;
  readonly spareCount?: number;
  /** The file that says how far the journal reaches; undefined: it has no place yet. */
  readonly watermark?: string;
};

const REWRITE_CHUNK_BYTES = 4 * 1024 * 1024;

type Position = { fd: number; file: string; salt: number; offset: number; segmentBytes: number };

export class Wal implements JournalAppender {
  readonly recovery: Recovery;
  readonly #directory: string;
  readonly #options: WalOptions;
  readonly #fs: JournalFs;
  readonly #pool: SegmentPool;
  readonly #mark = new DataView(new ArrayBuffer(MARK_BYTES));
  /** Reused for every batch: mark, then entries. */
  readonly #vector: [Uint8Array, Uint8Array];
  #at: Position;
  #nextSeq: number;
  #durableSeq: number;
  /** The highest durable seq of a mark in the log. */
  #markedSeq: number;
  #failure: JournalFailure | null = null;
  readonly #watermark: Watermark | undefined;

  /**
   * Replays the journal from `replay.fromSeq`, cuts a torn tail and stands ready to append. What
   * was replayed is durable before the first entry is handed over, so it may be served.
   */
  static open(directory: string, options: WalOptions, replay: Replay): Wal {
    const pool = new SegmentPool(directory, options);
    const fs = options.fs ?? nodeJournalFs;
    pool.open();
    syncLastSegment(fs, directory);
    const { watermark, clusterId, sync } = options;
    const reach = watermark === undefined ? {} : { reach: readWatermark(watermark, fs) };
    const end = readJournal(directory, { ...replay, ...reach, fs, clusterId }, replay.onEntry);
    const { fromSeq } = replay;
    const isBehind = end.nextSeq < fromSeq || (end.last === null && isMissing(replay));
    if (!isBehind) return new Wal(directory, options, pool, end);
    if (sync === 'commit') throw behindRefusal(directory, end, fromSeq);
    // Without syncs, tier 2 may outlive the log. It then has every entry of the log.
    const wal = new Wal(directory, options, pool, { ...end, nextSeq: fromSeq, last: null });
    discardSegments(fs, directory, fromSeq);
    return wal;
  }

  private constructor(directory: string, options: WalOptions, pool: SegmentPool, end: JournalEnd) {
    this.#directory = directory;
    this.#options = options;
    this.#fs = options.fs ?? nodeJournalFs;
    this.#pool = pool;
    this.#vector = [new Uint8Array(this.#mark.buffer), new Uint8Array(0)];
    this.#nextSeq = end.nextSeq;
    this.#durableSeq = end.nextSeq - 1;
    this.#markedSeq = end.last?.markedSeq ?? this.#durableSeq;
    const { last } = end;
    if (options.watermark !== undefined) {
      this.#watermark = new Watermark(options.watermark, 'writer', this.#fs);
    }
    this.#at = last === null || last.ended ? this.#take() : this.#reopen(last);
    this.#raise();
    this.recovery = {
      entryCount: end.entryCount,
      lastSeq: end.nextSeq - 1,
      cut: last?.torn ? { file: this.#at.file, offset: last.offset, why: last.torn.why } : null,
    };
  }

  /** Salt that entries of the next batch must be sealed with. Changes only in switchSegment(). */
  get currentSalt(): number {
    return this.#at.salt;
  }

  /** The seq that the next entry must have. */
  get nextSeq(): number {
    return this.#nextSeq;
  }

  /** Every entry up to this seq is on disk. */
  get durableSeq(): number {
    return this.#durableSeq;
  }

  /** Bytes of entries that the current segment still takes, in one batch. */
  get roomBytes(): number {
    return this.#at.segmentBytes - this.#at.offset - MARK_BYTES - END_BYTES;
  }

  /** Bytes of entries in the largest batch that an empty segment takes. */
  get batchBytesMax(): number {
    return this.#options.segmentBytes - SEGMENT_HEADER_BYTES - MARK_BYTES - END_BYTES;
  }

  /** Gets space for the next segment before the switch: RESOURCE_EXHAUSTED poisons nothing. */
  reserve(bytes: number): number {
    this.#checkAlive();
    assert(bytes <= this.batchBytesMax, 'a batch fits a segment');
    if (bytes > this.roomBytes) {
      this.#pool.ensureSpare();
      this.switchSegment();
    }
    return this.#at.salt;
  }

  /** Writes one batch of entries, sealed with currentSalt, seqs firstSeq … lastSeq. */
  append(batch: Uint8Array, firstSeq: number, lastSeq: number): void {
    this.#checkAlive();
    assert(firstSeq === this.#nextSeq && lastSeq >= firstSeq, 'seqs are dense');
    assert(batch.length <= this.roomBytes, 'the batch fits the segment: reserve() comes first');
    this.#checkSealed(batch, firstSeq);
    const bytes = MARK_BYTES + batch.length;
    writeMark(this.#mark, firstSeq, this.#durableSeq, this.#at.salt);
    this.#vector[1] = batch;
    this.#orFail('write', () => {
      const written = this.#fs.writevSync(this.#at.fd, this.#vector, this.#at.offset);
      if (written !== bytes) throw new Error(`short write: ${written} of ${bytes} bytes`);
    });
    this.#at.offset += bytes;
    this.#nextSeq = lastSeq + 1;
    this.#markedSeq = this.#durableSeq;
  }

  /** Makes all appended entries durable; nothing in mode none. Acknowledge only after it. */
  sync(): void {
    this.#checkAlive();
    if (this.#options.sync === 'commit') this.#syncNow();
  }

  /** Ends the current segment and goes on in the next one, with another salt. */
  switchSegment(): void {
    this.#checkAlive();
    assert(this.#nextSeq > this.#firstSeq(), 'a segment without entries is never left');
    writeEnd(this.#mark, this.#nextSeq, this.#at.salt);
    this.#writeRecord();
    // In mode none too: a segment that has a successor is whole (segment.ts).
    this.#syncNow();
    const left = this.#at.fd;
    this.#orFail('switch of segments', () => {
      this.#at = this.#take();
      this.#raise();
    });
    this.#fs.closeSync(left);
  }

  /** Proves the last batch with a mark, so that the next start notices damage to it. */
  close(): void {
    if (this.#failure === null) {
      this.#syncNow();
      if (this.#markedSeq < this.#durableSeq) {
        writeMark(this.#mark, this.#nextSeq, this.#durableSeq, this.#at.salt);
        this.#writeRecord();
        this.#syncNow();
      }
      this.#orFail('watermark', () => this.#raise());
      this.#failure = new JournalFailure(this.#path(this.#at.file), 'the journal is closed');
    }
    this.#watermark?.close();
    this.#fs.closeSync(this.#at.fd);
  }

  /** From here on the loss of a segment, or of a durable part of it, is noticed. */
  #raise(): void {
    this.#watermark?.raise({ segment: this.#firstSeq(), seq: this.#durableSeq });
  }

  #syncNow(): void {
    this.#orFail('fdatasync', () => this.#fs.fdatasyncSync(this.#at.fd));
    this.#durableSeq = this.#nextSeq - 1;
  }

  /** The mark or end marker in #mark; there is always room for one (END_BYTES). */
  #writeRecord(): void {
    this.#orFail('write', () => writeAll(this.#fs, this.#at.fd, this.#vector[0], this.#at.offset));
    this.#at.offset += MARK_BYTES;
  }

  #take(): Position {
    const { fd, file, salt } = this.#pool.take(this.#nextSeq, this.#options.clusterId);
    const { segmentBytes } = this.#options;
    return { fd, file, salt, offset: SEGMENT_HEADER_BYTES, segmentBytes };
  }

  /** Wipes a torn tail, so that none of it can follow a new record over its beginning. */
  #reopen(last: LastSegment): Position {
    const file = segmentFile(last.firstSeq);
    const { salt, segmentBytes } = last.header;
    const fd = this.#fs.openSync(this.#path(file), 'r+');
    const size = this.#fs.sizeSync(fd);
    if (last.torn !== null) {
      zeroRange(this.#fs, fd, last.offset, Math.min(last.torn.wipeEnd, size));
    }
    zeroRange(this.#fs, fd, Math.min(size, segmentBytes), segmentBytes);
    if (last.torn !== null || size < segmentBytes) this.#fs.fdatasyncSync(fd);
    return { fd, file, salt, offset: last.offset, segmentBytes };
  }

  #checkSealed(batch: Uint8Array, firstSeq: number): void {
    const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    assert(batch.length >= E.ENTRY_CHANGES, 'a batch holds an entry');
    assert(view.getUint32(E.ENTRY_SALT, true) === this.#at.salt, 'sealed with currentSalt');
    assert(readU64(view, E.ENTRY_SEQ) === firstSeq, 'the first entry has the first seq');
  }

  #checkAlive(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #orFail(what: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const file = this.#path(this.#at.file);
      this.#failure = new JournalFailure(file, `${what} failed: ${reason}`, error);
      throw this.#failure;
    }
  }

  #firstSeq(): number {
    return Number(this.#at.file.slice(0, 20));
  }

  #path(file: string): string {
    return path.join(this.#directory, file);
  }
}

function isMissing(replay: Replay): boolean {
  return !(replay.mayBeEmpty ?? replay.fromSeq === 1);
}

/**
 * After a crash of the process, entries may be readable that are not durable yet. And after a
 * failed sync of the process before, the kernel may hold bytes that it calls clean though they are
 * not on disk: a sync alone would succeed and write nothing. So the segment is written over itself.
 */
function syncLastSegment(fs: JournalFs, directory: string): void {
  const firstSeq = listSegments(fs, directory).at(-1);
  if (firstSeq === undefined) return;
  const fd = fs.openSync(path.join(directory, segmentFile(firstSeq)), 'r+');
  try {
    const size = fs.sizeSync(fd);
    const chunk = new Uint8Array(Math.min(REWRITE_CHUNK_BYTES, size));
    for (let at = 0; at < size; at += chunk.length) {
      const read = fs.readSync(fd, chunk, 0, Math.min(chunk.length, size - at), at);
      writeAll(fs, fd, chunk.subarray(0, read), at);
    }
    fs.fdatasyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Segments before `fromSeq`; recovery reads none of them if the segment of that seq is there. */
function discardSegments(fs: JournalFs, directory: string, fromSeq: number): void {
  for (const firstSeq of listSegments(fs, directory).filter((seq) => seq < fromSeq)) {
    fs.unlinkSync(path.join(directory, segmentFile(firstSeq)));
    fs.syncDirectorySync(directory);
  }
}

function behindRefusal(directory: string, end: JournalEnd, fromSeq: number): StatusError {
  const { last } = end;
  const where =
    last === null
      ? `${directory}: there is no segment`
      : `${path.join(directory, segmentFile(last.firstSeq))}: offset ${last.offset}: ` +
        `the journal ends with seq ${end.nextSeq - 1}`;
  return new StatusError(
    Code.DATA_LOSS,
    `${where}, but the stored namespace has every change up to seq ${fromSeq - 1}.`,
    {
      path: directory,
      hint: 'Put the journal back beside its metadata, or restore both from one backup.',
    },
  );
}
