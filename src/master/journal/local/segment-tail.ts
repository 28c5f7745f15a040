/**
 * Follows segments that another thread is writing, from one to the next.
 *
 * Invariant: every entry is handed over once, in order, without a gap; one that is no longer there
 *   (trimmed, recycled) is DATA_LOSS and never passed over: salts and seqs tell.
 */
import path from 'node:path';
import { crc32c } from '../../../base/crc32c.js';
import { Code, StatusError } from '../../../base/status.js';
import type { EntryHandler, JournalTail } from '../journal.js';
import type { JournalFs } from './journal-fs.js';
import { readHeader } from './reader.js';
import { SEGMENT_HEADER_BYTES, segmentFile } from './segment.js';
import { listSegments } from './segment-pool.js';
import { scanSegment } from './segment-scan.js';

const BUFFER_BYTES = 1024 * 1024;

type Position = { readonly fd: number; readonly salt: number; offset: number };

export class SegmentTail implements JournalTail {
  readonly #directory: string;
  readonly #clusterId: string;
  readonly #fs: JournalFs;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  readonly #fromSeq: number;
  #nextSeq: number;
  #at: Position | undefined;

  constructor(fs: JournalFs, directory: string, clusterId: string, fromSeq: number) {
    this.#directory = directory;
    this.#clusterId = clusterId;
    this.#fs = fs;
    this.#fromSeq = fromSeq;
    this.#nextSeq = fromSeq;
  }

  get lastSeq(): number {
    return Math.max(this.#nextSeq, this.#fromSeq) - 1;
  }

  follow(toSeq: number, onEntry: EntryHandler): void {
    while (this.#nextSeq <= toSeq) {
      this.#at ??= this.#openFirst();
      const { fd, salt, offset } = this.#at;
      const source = { fs: this.#fs, fd, salt, buffer: this.#buffer, crc: crc32c };
      const stop = scanSegment(source, this.#nextSeq, this.#fromSeq, onEntry, { offset, toSeq });
      this.#at.offset = stop.offset;
      this.#nextSeq = stop.nextSeq;
      if (this.#nextSeq > toSeq) return;
      if (stop.found !== 'end') throw gone(this.#directory, this.#nextSeq);
      this.close();
      this.#at = this.#open(stop.nextSeq);
    }
  }

  close(): void {
    if (this.#at !== undefined) this.#fs.closeSync(this.#at.fd);
    this.#at = undefined;
  }

  /** The newest segment that begins at or before the first wanted seq. */
  #openFirst(): Position {
    const first = listSegments(this.#fs, this.#directory).findLast((seq) => seq <= this.#nextSeq);
    if (first === undefined) throw gone(this.#directory, this.#nextSeq);
    this.#nextSeq = first;
    return this.#open(first);
  }

  #open(firstSeq: number): Position {
    const file = path.join(this.#directory, segmentFile(firstSeq));
    let fd: number;
    try {
      fd = this.#fs.openSync(file, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw gone(this.#directory, firstSeq);
      throw error;
    }
    const header = readHeader(this.#fs, fd);
    if (header?.firstSeq === firstSeq && header.clusterId === this.#clusterId) {
      return { fd, salt: header.salt, offset: SEGMENT_HEADER_BYTES };
    }
    this.#fs.closeSync(fd);
    throw gone(this.#directory, firstSeq);
  }
}

function gone(directory: string, seq: number): StatusError {
  return new StatusError(Code.DATA_LOSS, `${directory}: entry ${seq} of the journal is missing.`, {
    path: directory,
    hint: 'Look at the journal with `orchard admin journal`.',
  });
}
