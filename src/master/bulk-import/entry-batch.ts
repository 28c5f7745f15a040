/**
 * Some thousand entries of a manifest, as columns of numbers over one stretch of bytes, so that a
 * hundred million entries pass without an object for each.
 *
 * Paths are relative to the target, clean, in UTF-8. The path of a directory ends with a slash, as
 * markers of object stores do, so it sorts directly before its contents.
 */
import { PATH_BYTES_MAX, WHOLE_MAX } from '../../base/limits.js';

export const ENTRIES_MAX = 4096;
/** Bytes of all paths of a batch. */
export const BATCH_BYTES = 1 << 20;
/** A path before it is decoded and checked. */
export const RAW_PATH_BYTES_MAX = 65_536;

/** No mode given: the master's default. */
export const MODE_UNKNOWN = 0xffff;
/** No owner or group given; also the number of the empty name. */
export const NAME_UNKNOWN = 0;
/** No time given. It is below all real times, because 0 is one. */
export const TIME_UNKNOWN = -WHOLE_MAX;

export type Entry = {
  readonly length: number;
  /** Whole ms, or TIME_UNKNOWN. */
  readonly mtimeMs: number;
  /** 0 = none. */
  readonly fingerprint: number;
  readonly mode: number;
  /** Interned names. */
  readonly owner: number;
  readonly group: number;
  /** Where the entry stands, for reports. */
  readonly line: number;
};

export class EntryBatch {
  count = 0;
  /** Where the next path begins. */
  end = 0;
  readonly bytes = Buffer.alloc(BATCH_BYTES + RAW_PATH_BYTES_MAX);
  readonly pathAt = new Uint32Array(ENTRIES_MAX);
  readonly pathBytes = new Uint16Array(ENTRIES_MAX);
  readonly length = new Float64Array(ENTRIES_MAX);
  readonly mtimeMs = new Float64Array(ENTRIES_MAX);
  readonly fingerprint = new Float64Array(ENTRIES_MAX);
  readonly mode = new Uint16Array(ENTRIES_MAX);
  readonly owner = new Uint32Array(ENTRIES_MAX);
  readonly group = new Uint32Array(ENTRIES_MAX);
  readonly line = new Float64Array(ENTRIES_MAX);

  clear(): void {
    this.count = 0;
    this.end = 0;
  }

  /** There may be no room for another entry. */
  get isFull(): boolean {
    return this.count === ENTRIES_MAX || this.end + PATH_BYTES_MAX + 1 > BATCH_BYTES;
  }

  /** Takes the path that stands at `end`. */
  take(pathBytes: number, entry: Entry): void {
    const i = this.count++;
    this.pathAt[i] = this.end;
    this.pathBytes[i] = pathBytes;
    this.end += pathBytes;
    this.length[i] = entry.length;
    this.mtimeMs[i] = entry.mtimeMs;
    this.fingerprint[i] = entry.fingerprint;
    this.mode[i] = entry.mode;
    this.owner[i] = entry.owner;
    this.group[i] = entry.group;
    this.line[i] = entry.line;
  }
}

/** Where entries come from, in an order in which they can be read again. */
export interface EntrySource {
  /** Its kind and its content when it was opened: an import resumes only with the same. */
  readonly identity: string;
  /** Its size, in units of its own; 0 = unknown. */
  readonly size: number;
  /** How much was read. */
  readonly done: number;
  /** Adds entries to an empty batch; false when there are no more. */
  read(batch: EntryBatch): Promise<boolean>;
  /** The position of the next entry: plain data. */
  position(): unknown;
  /** Goes to what position() gave; without it to the beginning. */
  seek(position?: unknown): Promise<void>;
  close(): Promise<void>;
}
