/**
 * Every whole entry that a journal directory still has, whatever lies between them. For `orchard
 * admin journal repair`, never for recovery, which stops at the first damage.
 *
 * A record is taken where salt, length and CRC agree, looked for at every 8 bytes; after damage it
 * goes on at the next such place. Segments come in the order of their headers, so that a renamed
 * one stands where it belongs. A header that is damaged gives no salt: the first record's is taken.
 *
 * Memory: one segment.
 */
import path from 'node:path';
import { crc32c } from '../../../base/crc32c.js';
import { ENTRY_BYTES_MAX } from '../../../base/limits.js';
import { readU64 } from '../../../base/word64.js';
import * as E from '../../memory/entry-format.js';
import type { EntryHandler } from '../journal.js';
import { type JournalFs, nodeJournalFs } from './journal-fs.js';
import { readHeader } from './reader.js';
import { SEGMENT_HEADER_BYTES, segmentFile } from './segment.js';
import { listSegments } from './segment-pool.js';

/** Hands over each entry; returns the highest seq that a mark calls durable, 0 for none. */
export function salvageJournal(
  directory: string,
  onEntry: EntryHandler,
  fs: JournalFs = nodeJournalFs,
): number {
  const segments = listSegments(fs, directory)
    .map((firstSeq) => openSegment(fs, directory, firstSeq))
    .sort((a, b) => a.order - b.order);
  let durableSeq = 0;
  for (const { file, salt } of segments) {
    const bytes = readWhole(fs, file);
    durableSeq = Math.max(durableSeq, salvageSegment(bytes, salt, onEntry));
  }
  return durableSeq;
}

type Found = { readonly file: string; readonly order: number; readonly salt: number | undefined };

function openSegment(fs: JournalFs, directory: string, firstSeq: number): Found {
  const file = path.join(directory, segmentFile(firstSeq));
  const fd = fs.openSync(file, 'r');
  try {
    const header = readHeader(fs, fd);
    return { file, order: header?.firstSeq ?? firstSeq, salt: header?.salt };
  } finally {
    fs.closeSync(fd);
  }
}

function readWhole(fs: JournalFs, file: string): Uint8Array {
  const fd = fs.openSync(file, 'r');
  try {
    const bytes = new Uint8Array(fs.sizeSync(fd));
    let filled = 0;
    while (filled < bytes.length) {
      const read = fs.readSync(fd, bytes, filled, bytes.length - filled, filled);
      if (read === 0) break;
      filled += read;
    }
    return bytes;
  } finally {
    fs.closeSync(fd);
  }
}

function salvageSegment(
  bytes: Uint8Array,
  headerSalt: number | undefined,
  onEntry: EntryHandler,
): number {
  const view = new DataView(bytes.buffer);
  const first = SEGMENT_HEADER_BYTES + E.ENTRY_SALT;
  const salt = headerSalt ?? (first + 4 <= bytes.length ? view.getUint32(first, true) : 0);
  let durableSeq = 0;
  for (let at = SEGMENT_HEADER_BYTES; at + E.ENTRY_CHANGES <= bytes.length; ) {
    const length = wholeRecord(bytes, view, at, salt);
    if (length === 0) {
      at += 8;
      continue;
    }
    const op = view.getUint16(at + E.ENTRY_OP, true) & ~E.OP_STRUCTURAL;
    if (op === E.OP_WAL_MARK) {
      durableSeq = Math.max(durableSeq, readU64(view, at + E.ENTRY_CLIENT_ID));
    } else if (op < E.OP_WAL_FIRST) {
      onEntry(bytes, at, length, readU64(view, at + E.ENTRY_SEQ));
    }
    at += length;
  }
  return durableSeq;
}

/** Bytes of the whole record at this place; 0 if there is none. */
function wholeRecord(bytes: Uint8Array, view: DataView, at: number, salt: number): number {
  if (view.getUint32(at + E.ENTRY_SALT, true) !== salt) return 0;
  const length = view.getUint32(at + E.ENTRY_LENGTH, true);
  const isSane = length >= E.ENTRY_CHANGES && length <= ENTRY_BYTES_MAX && length % 8 === 0;
  if (!isSane || at + length > bytes.length) return 0;
  const sum = crc32c(bytes, at + E.ENTRY_LENGTH, length - E.ENTRY_LENGTH);
  return view.getUint32(at + E.ENTRY_CRC, true) === sum ? length : 0;
}
