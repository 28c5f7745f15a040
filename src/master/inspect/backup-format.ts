/**
 * The bytes of a backup: one file that describes itself, in blocks with checksums. Pure.
 *
 *   "ORCHBACK"  block 0: HEAD  block 1 …: ROWS and ENTRIES as they were captured  last block: END
 *
 *   block   0      4        8       12    16
 *          ┌──────┬────────┬───────┬─────┬───────────┐
 *          │ kind │ number │ bytes │ crc │ payload … │   u32, little-endian
 *          └──────┴────────┴───────┴─────┴───────────┘
 *   crc = CRC32C of the first 12 bytes and the payload, begun with the file's salt (HEAD: with 0):
 *   a block is good only in its own file and at its own place.
 *
 *   HEAD     JSON: BackupHead
 *   ROWS     table u32 | count u32 | rows: key bytes u32, value bytes u32, key, value
 *   ENTRIES  sealed journal entries, one behind the other
 *   END      JSON: BackupEnd; nothing follows. A file without it was cut off.
 *
 * FORMAT is never reused. Rows and entries are as tier 2 and the journal have them, so `dataFormat`
 * is the data directory's. NEVER change the numbers of tables.
 */

import { crc32c } from '../../base/crc32c.js';
import { Code, StatusError } from '../../base/status.js';
import type { InodeCounts } from '../memory/inode-counts.js';
import type { TableName } from '../storage/tier2.js';

export const BACKUP_FORMAT = 1;
export const BACKUP_MAGIC: Uint8Array = new TextEncoder().encode('ORCHBACK');
export const BLOCK_HEADER_BYTES = 16;
/** More than a batch of rows or a chunk of entries: a larger size is damage. */
export const BLOCK_BYTES_MAX = 64 * 1024 * 1024;

export const BlockKind = { HEAD: 1, ROWS: 2, ENTRIES: 3, END: 4 } as const;
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];

const TABLE_NUMBERS: Readonly<Record<TableName, number>> = {
  inodes: 1,
  ids: 2,
  side: 3,
  expiries: 4,
  calls: 5,
};

export type BackupHead = {
  readonly format: number;
  readonly dataFormat: number;
  /** Of the master that wrote it. */
  readonly version: string;
  readonly clusterId: string;
  readonly clusterName: string;
  readonly createdMs: number;
  readonly salt: number;
  /** Rows hold every change up to this entry, and perhaps later ones; the entries follow it. */
  readonly appliedSeq: number;
  readonly idNext: number;
  /** As of appliedSeq; absent where an older version wrote it. */
  readonly inodes?: InodeCounts;
};

export type BackupEnd = {
  /** The backup is the namespace after this entry. */
  readonly seq: number;
  readonly rows: number;
  readonly inodes: number;
  readonly entries: number;
};

export type RawRow = { readonly key: Uint8Array; readonly value: Uint8Array };

export function encodeBlock(
  kind: BlockKind,
  number: number,
  salt: number,
  payload: Uint8Array,
): Buffer {
  const block = Buffer.allocUnsafe(BLOCK_HEADER_BYTES + payload.length);
  block.writeUInt32LE(kind, 0);
  block.writeUInt32LE(number, 4);
  block.writeUInt32LE(payload.length, 8);
  block.set(payload, BLOCK_HEADER_BYTES);
  block.writeUInt32LE(sumOf(block, salt), 12);
  return block;
}

/** Whether the checksum of a whole block is right. */
export function isBlockGood(block: Buffer, salt: number): boolean {
  return block.readUInt32LE(12) === sumOf(block, salt);
}

function sumOf(block: Uint8Array, salt: number): number {
  const head = crc32c(block, 0, 12, salt);
  return crc32c(block, BLOCK_HEADER_BYTES, block.length - BLOCK_HEADER_BYTES, head);
}

export function encodeRows(table: TableName, rows: readonly RawRow[]): Buffer {
  const bytes = rows.reduce((sum, { key, value }) => sum + 8 + key.length + value.length, 8);
  const payload = Buffer.allocUnsafe(bytes);
  payload.writeUInt32LE(TABLE_NUMBERS[table], 0);
  payload.writeUInt32LE(rows.length, 4);
  let at = 8;
  for (const { key, value } of rows) {
    payload.writeUInt32LE(key.length, at);
    payload.writeUInt32LE(value.length, at + 4);
    payload.set(key, at + 8);
    payload.set(value, at + 8 + key.length);
    at += 8 + key.length + value.length;
  }
  return payload;
}

/** The rows are copies. */
export function decodeRows(payload: Buffer): { table: TableName; rows: RawRow[] } {
  const number = payload.readUInt32LE(0);
  const table = (Object.keys(TABLE_NUMBERS) as TableName[]).find(
    (name) => TABLE_NUMBERS[name] === number,
  );
  if (table === undefined) throw malformed(`table ${number} is not known`);
  const rows: RawRow[] = [];
  let at = 8;
  for (let left = payload.readUInt32LE(4); left > 0; left--) {
    const key = at + 8;
    const value = key + payload.readUInt32LE(at);
    const end = value + payload.readUInt32LE(at + 4);
    if (end > payload.length) throw malformed('a row ends beyond its block');
    rows.push({
      key: Buffer.from(payload.subarray(key, value)),
      value: Buffer.from(payload.subarray(value, end)),
    });
    at = end;
  }
  return { table, rows };
}

export const encodeJson = (value: BackupHead | BackupEnd): Buffer =>
  Buffer.from(JSON.stringify(value));

export function malformed(what: string): StatusError {
  return new StatusError(Code.DATA_LOSS, `Malformed backup: ${what}.`);
}
