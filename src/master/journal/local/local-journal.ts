/**
 * The journal on a disk of this machine: segment files in a directory, and beside it the watermark
 * that says how far they reach. The lock of the data directory keeps other processes out.
 */
import { StatusError } from '../../../base/status.js';
import type {
  EntryHandler,
  Journal,
  JournalAppender,
  JournalTail,
  JournalTrimmer,
  Replay,
} from '../journal.js';
import { inspectJournal, type SegmentReport, unreadable } from './inspect.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';
import { readJournal } from './reader.js';
import { SegmentTail } from './segment-tail.js';
import { SegmentTrimmer } from './segment-trimmer.js';
import { Wal } from './wal.js';
import { NO_REACH, type Reach, readWatermark } from './watermark.js';

/** Plain data: it goes to every thread that works on the journal. */
export type LocalPlace = {
  readonly directory: string;
  /** None: the data directory is of a version that had none. */
  readonly watermark?: string;
  readonly clusterId: string;
  readonly segmentBytes: number;
  readonly sync: 'commit' | 'none';
  /** Spare segments are never made from this much free space. */
  readonly reserveBytes: number;
  readonly spareCount?: number;
};

export class LocalJournal implements Journal {
  readonly #place: LocalPlace;
  readonly #fs: JournalFs;

  constructor(place: LocalPlace, fs: JournalFs = nodeJournalFs) {
    this.#place = place;
    this.#fs = fs;
  }

  recover(replay: Replay): JournalAppender {
    const { directory, ...options } = this.#place;
    return Wal.open(directory, { ...options, fs: this.#fs }, replay);
  }

  trimmer(): JournalTrimmer {
    return new SegmentTrimmer(this.#place, this.#fs);
  }

  tail(fromSeq: number): JournalTail {
    const { directory, clusterId } = this.#place;
    return new SegmentTail(this.#fs, directory, clusterId, fromSeq);
  }

  readFrom(fromSeq: number, onEntry: EntryHandler): number {
    const { directory, clusterId } = this.#place;
    const options = { clusterId, fromSeq, reach: this.#reach(), fs: this.#fs };
    return Math.max(fromSeq, readJournal(directory, options, onEntry).nextSeq);
  }

  async *parts(onEntry?: EntryHandler): AsyncGenerator<SegmentReport> {
    const { directory, watermark = '' } = this.#place;
    let reach = NO_REACH;
    try {
      reach = this.#reach();
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      yield unreadable(watermark, 0, null, error.message);
    }
    yield* inspectJournal(directory, { reach, fs: this.#fs, ...(onEntry && { onEntry }) });
  }

  #reach(): Reach {
    const { watermark } = this.#place;
    return watermark === undefined ? NO_REACH : readWatermark(watermark, this.#fs);
  }
}
