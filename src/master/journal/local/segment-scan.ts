/**
 * Reads the records of one segment in large chunks, and stops at the first that is not a whole
 * record with the expected seq. recovery.ts decides what that means.
 *
 *   buffer  ┌──────────────────────────┬───────────────┐     A record cut by the end of the buffer
 *           │ records handed over      │ cut record ─┐ │     moves to its front, the next read
 *           └──────────────────────────┴─────────────┼─┘     goes behind it: memory stays bounded.
 *           ┌────────────┐◀──────────────────────────┘
 *           │ cut record │ next chunk …
 */
import { assert } from '../../../base/assert.js';
import { ENTRY_BYTES_MAX } from '../../../base/limits.js';
import { readU64 } from '../../../base/word64.js';
import * as E from '../../memory/entry-format.js';
import type { Crc, EntryHandler } from '../journal.js';
import type { JournalFs } from './journal-fs.js';
import type { Found } from './recovery.js';
import { MARK_BYTES, SEGMENT_HEADER_BYTES } from './segment.js';

export type ScanSource = {
  readonly fs: JournalFs;
  readonly fd: number;
  readonly salt: number;
  readonly buffer: Uint8Array;
  readonly crc: Crc;
};

export type ScanStop = {
  readonly found: Found;
  /** Whether the record that stopped the scan has the expected seq (false when unreadable). */
  readonly seq: boolean;
  /** The seq it has instead, for the message. */
  readonly foundSeq: number;
  /** File offset of the record that stopped the scan. */
  readonly offset: number;
  /** The seq expected there. */
  readonly nextSeq: number;
  readonly entryCount: number;
  /** The highest durable seq of the marks so far; 0 if there was none. */
  readonly markedSeq: number;
};

export const SCAN_BUFFER_BYTES = 4 * 1024 * 1024;

/**
 * Hands every entry with seq >= `fromSeq` to `onEntry`; `firstSeq` is what the segment has, or what
 * stands at `range.offset`. Nothing beyond `range.toSeq` is read: the scan is then 'absent' there.
 */
export function scanSegment(
  source: ScanSource,
  firstSeq: number,
  fromSeq: number,
  onEntry: EntryHandler,
  range: { readonly offset?: number; readonly toSeq?: number } = {},
): ScanStop {
  const { fs, fd, buffer, salt, crc } = source;
  assert(buffer.length >= 2 * ENTRY_BYTES_MAX, 'the buffer holds the largest entry');
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  let filled = 0;
  let at = 0;
  /** File offset of buffer[0]. */
  let base = range.offset ?? SEGMENT_HEADER_BYTES;
  const toSeq = range.toSeq ?? Number.POSITIVE_INFINITY;
  let ended = false;
  let expected = firstSeq;
  let entryCount = 0;
  let markedSeq = 0;
  const stop = (found: Found, seq = Number.NaN): ScanStop => ({
    found,
    seq: seq === expected,
    foundSeq: seq,
    offset: base + at,
    nextSeq: expected,
    entryCount,
    markedSeq,
  });
  for (;;) {
    if (filled - at < ENTRY_BYTES_MAX && !ended) {
      buffer.copyWithin(0, at, filled);
      base += at;
      filled -= at;
      at = 0;
      const read = fs.readSync(fd, buffer, filled, buffer.length - filled, base + filled);
      ended = read === 0;
      filled += read;
      continue;
    }
    const room = filled - at;
    if (room < E.ENTRY_CHANGES || view.getUint32(at + E.ENTRY_SALT, true) !== salt) {
      return stop('absent');
    }
    const length = view.getUint32(at + E.ENTRY_LENGTH, true);
    if (!saneLength(length) || length > room) return stop('torn');
    const sum = crc(buffer, at + E.ENTRY_LENGTH, length - E.ENTRY_LENGTH);
    if (view.getUint32(at + E.ENTRY_CRC, true) !== sum) return stop('torn');
    const seq = readU64(view, at + E.ENTRY_SEQ);
    const op = view.getUint16(at + E.ENTRY_OP, true);
    if (op === E.OP_WAL_END) return stop('end', seq);
    if (seq !== expected) return stop('next', seq);
    if (seq > toSeq) return stop('absent');
    // Row 1 of RECORD_TABLE, decided here because it is the row of nearly every record.
    if (op === E.OP_WAL_MARK) {
      markedSeq = Math.max(markedSeq, readU64(view, at + E.ENTRY_CLIENT_ID));
    } else {
      if (seq >= fromSeq) onEntry(buffer, at, length, seq);
      expected++;
      entryCount++;
    }
    at += length;
  }
}

export type Beyond = {
  /** File offset behind the last header with this segment's salt, or the start when none is. */
  readonly oursEnd: number;
  /** The highest durable seq of a whole mark; 0 if there is none. */
  readonly durableSeq: number;
};

/** Searches everything after `offset` for records of this segment, at every 8 bytes. */
export function scanBeyond(source: ScanSource, offset: number): Beyond {
  const { fs, fd, buffer, salt } = source;
  const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  let oursEnd = offset;
  let durableSeq = 0;
  let base = offset;
  for (;;) {
    const filled = readFull(fs, fd, buffer, base);
    for (let at = 0; at + MARK_BYTES <= filled; at += 8) {
      if (view.getUint32(at + E.ENTRY_SALT, true) !== salt) continue;
      oursEnd = base + at + MARK_BYTES;
      if (isMark(source, view, at)) {
        durableSeq = Math.max(durableSeq, readU64(view, at + E.ENTRY_CLIENT_ID));
      }
    }
    if (filled < buffer.length) return { oursEnd, durableSeq };
    base += filled - MARK_BYTES;
  }
}

function isMark(source: ScanSource, view: DataView, at: number): boolean {
  return (
    view.getUint16(at + E.ENTRY_OP, true) === E.OP_WAL_MARK &&
    view.getUint32(at + E.ENTRY_LENGTH, true) === MARK_BYTES &&
    view.getUint32(at + E.ENTRY_CRC, true) ===
      source.crc(source.buffer, at + E.ENTRY_LENGTH, MARK_BYTES - E.ENTRY_LENGTH)
  );
}

function readFull(fs: JournalFs, fd: number, buffer: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < buffer.length) {
    const read = fs.readSync(fd, buffer, filled, buffer.length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}

function saneLength(length: number): boolean {
  return length >= E.ENTRY_CHANGES && length <= ENTRY_BYTES_MAX && length % 8 === 0;
}
