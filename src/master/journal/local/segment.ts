/**
 * One WAL segment file: its name, its header block, the records that the WAL itself writes. Pure.
 *
 *   journal/00000000000000004711.wal        a segment; the number is the seq of its first entry
 *   journal/spare-<random>.wal              zeroed or recycled, waiting to become a segment
 *   journal/<anything>.tmp                  being zeroed; removed when the journal opens
 *
 *   0              4096                                                            segmentBytes
 *  ┌──────────────┬──────┬───────┬───────┬──────┬───────┬─────┬───────────────────────┐
 *  │ header block │ mark │ entry │ entry │ mark │ entry │ end │ zeros or old records  │
 *  └──────────────┴──────┴───────┴───────┴──────┴───────┴─────┴───────────────────────┘
 *
 *  header block, little-endian: 0 magic | 8 format version u32 | 12 crc u32 (CRC32C of the block
 *  with this field zero) | 16 first seq u64 | 24 salt u32 | 28 clusterId bytes u32 | 32 segment
 *  bytes u64 | 40 created ms i64 | 48 clusterId (UTF-8) | zeros
 *
 * Every record (mark, entry, end) has the header of an entry (memory/entry-format.ts) and the salt
 * of its segment: what a recycled file held before never matches, so no segment is zeroed twice.
 *
 * A mark stands before every batch and says which seq was durable when it was written. That tells
 * a torn tail from damage: a bad record is a torn write if nothing behind it proves that it was
 * durable once, and damage if a later mark does (recovery.ts).
 *
 * Invariant: a segment's end marker is durable before the next segment gets its name, and a
 * header before its file does. So only the last segment may lack an end, and none a header.
 */
import { assert } from '../../../base/assert.js';
import { crc32c } from '../../../base/crc32c.js';
import { ENTRY_BYTES_MAX } from '../../../base/limits.js';
import { readI64, readU64, writeWord64 } from '../../../base/word64.js';
import * as E from '../../memory/entry-format.js';

export const SEGMENT_HEADER_BYTES = 4096;
/** Raised when the bytes of a segment change their meaning. Old ones are read or refused. */
export const SEGMENT_FORMAT_VERSION = 1;
/** "ORCHWAL" and a zero. */
const MAGIC = [0x4f, 0x52, 0x43, 0x48, 0x57, 0x41, 0x4c, 0x00];
const CLUSTER_ID_BYTES_MAX = 256;

/** Mark and end marker are records without changes. */
export const MARK_BYTES: number = E.ENTRY_CHANGES;
/** Kept free at the end of a segment: the mark that closing writes, and the end marker. */
export const END_BYTES: number = 2 * E.ENTRY_CHANGES;
export const SEGMENT_BYTES_MIN: number =
  SEGMENT_HEADER_BYTES + MARK_BYTES + ENTRY_BYTES_MAX + END_BYTES;

const AT = {
  VERSION: 8,
  CRC: 12,
  FIRST_SEQ: 16,
  SALT: 24,
  CLUSTER_BYTES: 28,
  SEGMENT_BYTES: 32,
  CREATED: 40,
  CLUSTER: 48,
} as const;

export type SegmentHeader = {
  readonly formatVersion: number;
  readonly clusterId: string;
  readonly firstSeq: number;
  readonly salt: number;
  readonly segmentBytes: number;
  readonly createdMs: number;
};

export function segmentFile(firstSeq: number): string {
  return `${String(firstSeq).padStart(20, '0')}.wal`;
}

/** The first seq of a segment's file name, or null for any other file. */
export function segmentFirstSeq(file: string): number | null {
  return /^\d{20}\.wal$/.test(file) ? Number(file.slice(0, 20)) : null;
}

export function isSpareFile(file: string): boolean {
  return /^spare-[0-9a-z-]+\.wal$/.test(file);
}

export function isTemporaryFile(file: string): boolean {
  return file.endsWith('.tmp');
}

export function encodeHeader(header: SegmentHeader): Uint8Array {
  const cluster = new TextEncoder().encode(header.clusterId);
  assert(cluster.length <= CLUSTER_ID_BYTES_MAX, 'the cluster id fits the header block');
  const block = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(block.buffer);
  block.set(MAGIC);
  view.setUint32(AT.VERSION, header.formatVersion, true);
  writeWord64(view, AT.FIRST_SEQ, header.firstSeq);
  view.setUint32(AT.SALT, header.salt, true);
  view.setUint32(AT.CLUSTER_BYTES, cluster.length, true);
  writeWord64(view, AT.SEGMENT_BYTES, header.segmentBytes);
  writeWord64(view, AT.CREATED, header.createdMs);
  block.set(cluster, AT.CLUSTER);
  view.setUint32(AT.CRC, crc32c(block, 0, block.length), true);
  return block;
}

/** null when the block is no header: wrong magic, cut off, or damaged. */
export function decodeHeader(block: Uint8Array): SegmentHeader | null {
  if (block.length !== SEGMENT_HEADER_BYTES) return null;
  if (MAGIC.some((byte, i) => block[i] !== byte)) return null;
  const copy = block.slice();
  const view = new DataView(copy.buffer);
  const crc = view.getUint32(AT.CRC, true);
  view.setUint32(AT.CRC, 0, true);
  if (crc32c(copy, 0, copy.length) !== crc) return null;
  const clusterBytes = Math.min(view.getUint32(AT.CLUSTER_BYTES, true), CLUSTER_ID_BYTES_MAX);
  return {
    formatVersion: view.getUint32(AT.VERSION, true),
    clusterId: new TextDecoder().decode(copy.subarray(AT.CLUSTER, AT.CLUSTER + clusterBytes)),
    firstSeq: readU64(view, AT.FIRST_SEQ),
    salt: view.getUint32(AT.SALT, true),
    segmentBytes: readU64(view, AT.SEGMENT_BYTES),
    createdMs: readI64(view, AT.CREATED),
  };
}

/** Writes a mark: `seq` is the one that comes next, `durableSeq` the last that is safe on disk. */
export function writeMark(into: DataView, seq: number, durableSeq: number, salt: number): void {
  writeWalRecord(into, E.OP_WAL_MARK, seq, durableSeq, salt);
}

/** Writes an end marker: `seq` is the first of the next segment. */
export function writeEnd(into: DataView, seq: number, salt: number): void {
  writeWalRecord(into, E.OP_WAL_END, seq, 0, salt);
}

function writeWalRecord(
  into: DataView,
  op: number,
  seq: number,
  durableSeq: number,
  salt: number,
): void {
  into.setUint32(E.ENTRY_LENGTH, E.ENTRY_CHANGES, true);
  writeWord64(into, E.ENTRY_SEQ, seq);
  writeWord64(into, E.ENTRY_TIME, 0);
  writeWord64(into, E.ENTRY_CLIENT_ID, durableSeq);
  writeWord64(into, E.ENTRY_CALL_ID, 0);
  into.setUint16(E.ENTRY_OP, op, true);
  into.setUint16(E.ENTRY_CHANGE_COUNT, 0, true);
  into.setUint32(E.ENTRY_SALT, salt, true);
  const bytes = new Uint8Array(into.buffer, into.byteOffset, E.ENTRY_CHANGES);
  const crc = crc32c(bytes, E.ENTRY_LENGTH, E.ENTRY_CHANGES - E.ENTRY_LENGTH);
  into.setUint32(E.ENTRY_CRC, crc, true);
}
