/**
 * After each flush: raises the watermark to what the journal surely has, releases segments that
 * tier 2 has, and prepares the next one. Belongs to the flusher's thread.
 */
import { assert } from '../../../base/assert.js';
import { StatusError } from '../../../base/status.js';
import type { Flushed, JournalTrimmer, JournalUsage } from '../journal.js';
import type { JournalFs } from './journal-fs.js';
import { SegmentPool } from './segment-pool.js';
import { Watermark } from './watermark.js';

export type TrimmerOptions = {
  readonly directory: string;
  readonly watermark?: string;
  readonly segmentBytes: number;
  readonly sync: 'commit' | 'none';
  readonly reserveBytes: number;
  readonly spareCount?: number;
};

export class SegmentTrimmer implements JournalTrimmer {
  readonly #options: TrimmerOptions;
  readonly #fs: JournalFs;
  readonly #pool: SegmentPool;
  readonly #watermark: Watermark | undefined;

  constructor(options: TrimmerOptions, fs: JournalFs) {
    const { directory, watermark } = options;
    this.#options = options;
    this.#fs = fs;
    this.#pool = new SegmentPool(directory, { ...options, fs });
    this.#watermark = watermark === undefined ? undefined : new Watermark(watermark, 'flusher', fs);
  }

  trim({ durableSeq, flushedSeq, trimSeq }: Flushed): void {
    assert(trimSeq <= flushedSeq, 'what is trimmed is in tier 2');
    // Without syncs, that the journal has an entry is no promise that the disk has it: tier 2's is.
    const seq = this.#options.sync === 'commit' ? durableSeq : flushedSeq;
    this.#watermark?.raise({ segment: 0, seq });
    this.#pool.trim(trimSeq, this.#isDiskShort());
    this.prepare();
  }

  /** In advance: otherwise the writer makes its next segment itself, and all writes wait for it. */
  prepare(): void {
    if (this.#isDiskShort()) return;
    try {
      this.#pool.prepareSpare();
    } catch (error) {
      // Other files have filled the disk since: the writer will ask again when it needs a segment.
      if (!(error instanceof StatusError)) throw error;
    }
  }

  usage(): JournalUsage {
    const { segmentCount, bytes } = this.#pool.usage();
    return { partCount: segmentCount, bytes };
  }

  close(): void {
    this.#watermark?.close();
  }

  /** Another segment would come out of the reserve. */
  #isDiskShort(): boolean {
    const { directory, reserveBytes, segmentBytes } = this.#options;
    return this.#fs.freeBytesSync(directory) < reserveBytes + segmentBytes;
  }
}
