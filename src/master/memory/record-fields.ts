/**
 * One inode record as an object: for the slow paths (operations that build a record, dumps,
 * tests). The hot paths read and write the bytes of record.ts in place. Pure.
 */
import { assert } from '../../base/assert.js';
import { NAME_BYTES_MAX } from '../../base/limits.js';
import { readI64, readU64, writeWord64 } from '../../base/word64.js';
import * as R from './record.js';

export type RecordFields = {
  readonly seq: number;
  readonly parentId: number;
  readonly id: number;
  readonly length: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ttlMs: number;
  readonly blockSize: number;
  readonly mode: number;
  readonly type: number;
  readonly flags: number;
  readonly owner: number;
  readonly group: number;
  readonly mountId: number;
  readonly replicationMin: number;
  readonly replicationMax: number;
  readonly fingerprint: number;
  readonly name: Uint8Array;
};

/** Bytes of the record with this name. */
export function recordBytes(nameBytes: number): number {
  return R.RECORD_NAME + nameBytes;
}

/** Writes the record at `offset`; returns its bytes. The window must have room for it. */
export function writeRecord(view: DataView, offset: number, fields: RecordFields): number {
  assert(fields.name.length <= NAME_BYTES_MAX, 'a name fits its length byte');
  assert(fields.type <= R.INODE_TYPE_DIRECTORY, 'an inode is a file, a directory, or absent');
  writeWord64(view, offset + R.RECORD_SEQ, fields.seq);
  writeWord64(view, offset + R.RECORD_PARENT_ID, fields.parentId);
  writeWord64(view, offset + R.RECORD_ID, fields.id);
  writeWord64(view, offset + R.RECORD_LENGTH, fields.length);
  writeWord64(view, offset + R.RECORD_MTIME, fields.mtimeMs);
  writeWord64(view, offset + R.RECORD_CTIME, fields.ctimeMs);
  writeWord64(view, offset + R.RECORD_TTL, fields.ttlMs);
  writeWord64(view, offset + R.RECORD_BLOCK_SIZE, fields.blockSize);
  view.setUint16(offset + R.RECORD_MODE, fields.mode, true);
  view.setUint8(offset + R.RECORD_TYPE, fields.type);
  view.setUint8(offset + R.RECORD_NAME_LEN, fields.name.length);
  view.setUint32(offset + R.RECORD_FLAGS, fields.flags, true);
  view.setUint32(offset + R.RECORD_OWNER, fields.owner, true);
  view.setUint32(offset + R.RECORD_GROUP, fields.group, true);
  view.setUint32(offset + R.RECORD_MOUNT_ID, fields.mountId, true);
  view.setInt16(offset + R.RECORD_REPLICATION_MIN, fields.replicationMin, true);
  view.setInt16(offset + R.RECORD_REPLICATION_MAX, fields.replicationMax, true);
  writeWord64(view, offset + R.RECORD_FINGERPRINT, fields.fingerprint);
  const name = offset + R.RECORD_NAME;
  for (let i = 0; i < fields.name.length; i++) view.setUint8(name + i, fields.name[i]!);
  return recordBytes(fields.name.length);
}

/** Reads the record at `offset`, with a copy of its name. The window must hold all of it. */
export function readRecord(view: DataView, offset: number): RecordFields {
  const nameBytes = view.getUint8(offset + R.RECORD_NAME_LEN);
  const name = new Uint8Array(nameBytes);
  for (let i = 0; i < nameBytes; i++) name[i] = view.getUint8(offset + R.RECORD_NAME + i);
  return {
    seq: readU64(view, offset + R.RECORD_SEQ),
    parentId: readU64(view, offset + R.RECORD_PARENT_ID),
    id: readU64(view, offset + R.RECORD_ID),
    length: readU64(view, offset + R.RECORD_LENGTH),
    mtimeMs: readI64(view, offset + R.RECORD_MTIME),
    ctimeMs: readI64(view, offset + R.RECORD_CTIME),
    ttlMs: readI64(view, offset + R.RECORD_TTL),
    blockSize: readU64(view, offset + R.RECORD_BLOCK_SIZE),
    mode: view.getUint16(offset + R.RECORD_MODE, true),
    type: view.getUint8(offset + R.RECORD_TYPE),
    flags: view.getUint32(offset + R.RECORD_FLAGS, true),
    owner: view.getUint32(offset + R.RECORD_OWNER, true),
    group: view.getUint32(offset + R.RECORD_GROUP, true),
    mountId: view.getUint32(offset + R.RECORD_MOUNT_ID, true),
    replicationMin: view.getInt16(offset + R.RECORD_REPLICATION_MIN, true),
    replicationMax: view.getInt16(offset + R.RECORD_REPLICATION_MAX, true),
    fingerprint: readU64(view, offset + R.RECORD_FINGERPRINT),
    name,
  };
}
