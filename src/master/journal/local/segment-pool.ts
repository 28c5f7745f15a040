/**
 * The segment files of one journal directory: makes spares ahead of need, hands one to the WAL
 * when it switches, turns trimmed segments into spares again, as many as were trimmed at a time of
 * late: under a steady load none is made and none removed.
 *
 *          prepareSpare()                 take()                    trim()
 *   zeros ───────────────▶ spare-*.wal ──────────▶ <seq>.wal ─────────────▶ spare-*.wal (or gone)
 *
 * The directory holds the whole state. The flusher thread prepares and trims through one pool,
 * while the writer thread takes through another. They never use the same file: only the writer
 * takes spares and makes segments, and only the flusher makes spares and trims. trim() never
 * touches the last segment, which the writer holds open.
 *
 * Why zeros are really written: fdatasync of existing, initialised blocks has no file metadata to
 * write, which is half of its cost.
 */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { assert } from '../../../base/assert.js';
import { Code, StatusError } from '../../../base/status.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';
import {
  encodeHeader,
  isSpareFile,
  isTemporaryFile,
  SEGMENT_BYTES_MIN,
  SEGMENT_FORMAT_VERSION,
  segmentFile,
  segmentFirstSeq,
} from './segment.js';

export const SPARE_COUNT_DEFAULT = 2;
const ZERO_CHUNK_BYTES = 1024 * 1024;
/** The share of earlier, larger trims that a trim remembers. */
const RECENT_DECAY = 0.9;

export type SegmentPoolOptions = {
  readonly segmentBytes: number;
  readonly fs?: JournalFs;
  /** Spares kept ready. */
  readonly spareCount?: number;
};

export type PoolUsage = {
  readonly segmentCount: number;
  readonly spareCount: number;
  /** Disk bytes of segments and spares. */
  readonly bytes: number;
};

/** A spare that became a segment: its header is durable, it has its name, and it is open. */
export type TakenSegment = { readonly fd: number; readonly file: string; readonly salt: number };

export class SegmentPool {
  readonly #directory: string;
  readonly #fs: JournalFs;
  readonly #segmentBytes: number;
  readonly #spareCount: number;
  /** Segments that are trimmed at a time, on average: those written between two flushes. */
  #recent = 0;

  constructor(directory: string, options: SegmentPoolOptions) {
    assert(options.segmentBytes >= SEGMENT_BYTES_MIN, 'a segment holds the largest entry');
    assert(options.segmentBytes % 4096 === 0, 'segments are whole pages');
    this.#directory = directory;
    this.#fs = options.fs ?? nodeJournalFs;
    this.#segmentBytes = options.segmentBytes;
    this.#spareCount = options.spareCount ?? SPARE_COUNT_DEFAULT;
  }

  /**
   * Creates the directory and removes half-made files. Only while nobody else uses the pool.
   * Syncs the directory: a name that a crashed process gave may not be durable yet.
   */
  open(): void {
    this.#fs.mkdirSync(this.#directory);
    for (const file of this.#fs.readdirSync(this.#directory)) {
      if (isTemporaryFile(file)) this.#fs.unlinkSync(this.#path(file));
    }
    this.#fs.syncDirectorySync(this.#directory);
    this.#fs.syncDirectorySync(path.dirname(this.#directory));
  }

  /** First seqs of the segments, ascending. */
  segments(): number[] {
    return listSegments(this.#fs, this.#directory);
  }

  usage(): PoolUsage {
    const files = this.#fs.readdirSync(this.#directory);
    const segmentCount = files.filter((file) => segmentFirstSeq(file) !== null).length;
    const spareCount = files.filter(isSpareFile).length;
    return { segmentCount, spareCount, bytes: (segmentCount + spareCount) * this.#segmentBytes };
  }

  /**
   * Makes one spare if fewer than wanted are there; returns whether it did. Takes the time of
   * writing a whole segment. A full disk is RESOURCE_EXHAUSTED and leaves nothing behind.
   */
  prepareSpare(): boolean {
    if (this.#spares().length >= this.#spareCount) return false;
    this.#makeSpare();
    return true;
  }

  /**
   * Takes away every segment whose entries are all <= `seq`, oldest first, and returns how many.
   * They become spares as far as the next flushes will need them; if disk is short, only as far as
   * `spareCount`. The directory is synced after each, so that a crash leaves no hole between them.
   */
  trim(seq: number, isDiskShort = false): number {
    const segments = this.segments();
    let count = 0;
    while (count + 1 < segments.length && segments[count + 1]! - 1 <= seq) count++;
    this.#recent = Math.max(count, this.#recent * RECENT_DECAY);
    const kept = this.#spareCount + (isDiskShort ? 0 : Math.round(this.#recent));
    let spares = count === 0 ? 0 : this.#spares().length;
    for (const segment of segments.slice(0, count)) {
      const file = this.#path(segmentFile(segment));
      const fit = spares < kept && this.#hasFullSize(file);
      if (fit) this.#fs.renameSync(file, this.#path(spareFile()));
      else this.#fs.unlinkSync(file);
      if (fit) spares++;
      this.#fs.syncDirectorySync(this.#directory);
    }
    return count;
  }

  /**
   * Sees to it that take() finds a spare. RESOURCE_EXHAUSTED when the disk has no room for one:
   * asked before a switch of segments, nothing has been written yet that would need it.
   */
  ensureSpare(): void {
    this.#readySpare();
  }

  /** Turns a spare into the segment that begins with `firstSeq`; makes a spare if there is none. */
  take(firstSeq: number, clusterId: string): TakenSegment {
    const spare = this.#readySpare();
    const salt = randomBytes(4).readUInt32LE() || 1;
    const header = encodeHeader({
      formatVersion: SEGMENT_FORMAT_VERSION,
      clusterId,
      firstSeq,
      salt,
      segmentBytes: this.#segmentBytes,
      createdMs: Date.now(),
    });
    const file = segmentFile(firstSeq);
    const fd = this.#fs.openSync(this.#path(spare), 'r+');
    try {
      writeAll(this.#fs, fd, header, 0);
      this.#fs.fdatasyncSync(fd);
      this.#fs.renameSync(this.#path(spare), this.#path(file));
      this.#fs.syncDirectorySync(this.#directory);
    } catch (error) {
      this.#fs.closeSync(fd);
      throw error;
    }
    return { fd, file, salt };
  }

  #readySpare(): string {
    for (const spare of this.#spares()) {
      if (this.#hasFullSize(this.#path(spare))) return spare;
      this.#fs.unlinkSync(this.#path(spare));
    }
    return this.#makeSpare();
  }

  #makeSpare(): string {
    const spare = spareFile();
    const temporary = this.#path(`${spare}.tmp`);
    try {
      const fd = this.#fs.openSync(temporary, 'wx+');
      try {
        zeroRange(this.#fs, fd, 0, this.#segmentBytes);
        this.#fs.fdatasyncSync(fd);
      } finally {
        this.#fs.closeSync(fd);
      }
    } catch (error) {
      this.#removeIfThere(temporary);
      if (!isDiskFull(error)) throw error;
      throw new StatusError(
        Code.RESOURCE_EXHAUSTED,
        `${this.#directory} has no space for another segment.`,
        {
          hint: `Free at least ${this.#segmentBytes} bytes on the disk of the data directory.`,
        },
      );
    }
    this.#fs.renameSync(temporary, this.#path(spare));
    this.#fs.syncDirectorySync(this.#directory);
    return spare;
  }

  #removeIfThere(file: string): void {
    if (this.#fs.readdirSync(this.#directory).includes(path.basename(file))) {
      this.#fs.unlinkSync(file);
    }
  }

  /** Segment sizes may change between runs: a spare of another size is useless. */
  #hasFullSize(file: string): boolean {
    const fd = this.#fs.openSync(file, 'r');
    try {
      return this.#fs.sizeSync(fd) === this.#segmentBytes;
    } finally {
      this.#fs.closeSync(fd);
    }
  }

  #spares(): string[] {
    return this.#fs.readdirSync(this.#directory).filter(isSpareFile);
  }

  #path(file: string): string {
    return path.join(this.#directory, file);
  }
}

/** First seqs of the segments in a journal directory, ascending; none if it does not exist. */
export function listSegments(fs: JournalFs, directory: string): number[] {
  let files: string[] = [];
  try {
    files = fs.readdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return files
    .map(segmentFirstSeq)
    .filter((seq) => seq !== null)
    .sort((a, b) => a - b);
}

/** Writes zeros over [from, to). */
export function zeroRange(fs: JournalFs, fd: number, from: number, to: number): void {
  const zeros = new Uint8Array(Math.min(ZERO_CHUNK_BYTES, Math.max(0, to - from)));
  for (let at = from; at < to; at += zeros.length) {
    writeAll(fs, fd, zeros.subarray(0, Math.min(zeros.length, to - at)), at);
  }
}

/** A short write is a failure: the disk is full or broken, and the rest is never retried. */
export function writeAll(fs: JournalFs, fd: number, bytes: Uint8Array, position: number): void {
  const written = fs.writeSync(fd, bytes, 0, bytes.length, position);
  if (written !== bytes.length) {
    throw Object.assign(new Error(`short write: ${written} of ${bytes.length} bytes`), {
      code: 'ENOSPC',
    });
  }
}

function spareFile(): string {
  return `spare-${randomBytes(8).toString('hex')}.wal`;
}

function isDiskFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}
