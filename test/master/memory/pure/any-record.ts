/** Records for tests: one that is typical, any at all, any that JavaScript reads as numbers. */
import fc from 'fast-check';
import * as record from '../../../../src/master/memory/record.js';
import type { RecordFields } from '../../../../src/master/memory/twin/codec.js';

export const complete: RecordFields = {
  parentId: 123_456_789n,
  name: new TextEncoder().encode('part-00017.parquet'),
  type: record.INODE_TYPE_FILE,
  id: 987_654_321n,
  seq: 3_000_000_000n,
  ctime: 1_790_000_000_000n,
  mtime: 1_790_000_004_321n,
  length: 40_000_000n,
  ttl: -1n,
  blockSize: 67_108_864n,
  mode: 0o644,
  flags: record.FLAG_COMPLETED,
  owner: 7,
  group: 9,
  mountId: 1,
  replicationMin: 0,
  replicationMax: -1,
  fingerprint: 0n,
};

const or = <T>(usual: T, rest: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof(fc.constant(usual), rest);
const u64 = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.bigInt(0n, 70_000n));
const i64 = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-300n, 300n));
const seconds = fc.bigInt(1_500_000_000n, 3_000_000_000n).map((second) => second * 1000n);
const time = fc.oneof(fc.bigInt(1_500_000_000_000n, 3_000_000_000_000n), seconds, i64);
const u32 = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const i16 = fc.integer({ min: -32_768, max: 32_767 });

/** Bytes that may be a name in a key: none begins as the names of a trash shadow are marked. */
export const anyName = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ maxLength }).filter(([first]) => first !== record.SHADOW_MARK);

export const anyRecord: fc.Arbitrary<RecordFields> = fc.record({
  parentId: fc.bigInt(0n, 2n ** 53n - 1n),
  name: anyName(255),
  type: fc.constantFrom(record.INODE_TYPE_FILE, record.INODE_TYPE_DIRECTORY),
  id: u64,
  seq: u64,
  ctime: time,
  mtime: time,
  length: or(0n, u64),
  ttl: or(-1n, i64),
  blockSize: fc.oneof(fc.constantFrom(0n, 67_108_864n), u64),
  mode: fc.oneof(fc.constantFrom(0o644, 0o755), fc.nat({ max: 65_535 })),
  flags: fc.oneof(fc.constantFrom(0, 1), u32),
  owner: or(0, u32),
  group: or(0, u32),
  mountId: or(1, u32),
  replicationMin: or(0, i16),
  replicationMax: or(-1, i16),
  fingerprint: or(0n, u64),
});

/** Records whose 64-bit fields are numbers in JavaScript: those that reach the wire. */
const word = fc.maxSafeNat().map(BigInt);
export const wireRecord: fc.Arbitrary<RecordFields> = anyRecord.chain((fields) =>
  fc
    .record({ id: word, seq: word, ctime: word, mtime: word, length: word, ttl: word })
    .map((words) => ({
      ...fields,
      ...words,
      name: new TextEncoder().encode(`n${fields.id % 997n}é`),
      blockSize: fields.blockSize >> 12n,
      fingerprint: fields.fingerprint >> 12n,
    })),
);

/** The 96 bytes of the header and the name. */
export function bytesOf(fields: RecordFields): Uint8Array {
  const bytes = new Uint8Array(record.RECORD_NAME + fields.name.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(record.RECORD_SEQ, fields.seq, true);
  view.setBigUint64(record.RECORD_PARENT_ID, fields.parentId, true);
  view.setBigUint64(record.RECORD_ID, fields.id, true);
  view.setBigUint64(record.RECORD_LENGTH, fields.length, true);
  view.setBigInt64(record.RECORD_MTIME, fields.mtime, true);
  view.setBigInt64(record.RECORD_CTIME, fields.ctime, true);
  view.setBigInt64(record.RECORD_TTL, fields.ttl, true);
  view.setBigUint64(record.RECORD_BLOCK_SIZE, fields.blockSize, true);
  view.setUint16(record.RECORD_MODE, fields.mode, true);
  view.setUint8(record.RECORD_TYPE, fields.type);
  view.setUint8(record.RECORD_NAME_LEN, fields.name.length);
  view.setUint32(record.RECORD_FLAGS, fields.flags, true);
  view.setUint32(record.RECORD_OWNER, fields.owner, true);
  view.setUint32(record.RECORD_GROUP, fields.group, true);
  view.setUint32(record.RECORD_MOUNT_ID, fields.mountId, true);
  view.setInt16(record.RECORD_REPLICATION_MIN, fields.replicationMin, true);
  view.setInt16(record.RECORD_REPLICATION_MAX, fields.replicationMax, true);
  view.setBigUint64(record.RECORD_FINGERPRINT, fields.fingerprint, true);
  bytes.set(fields.name, record.RECORD_NAME);
  return bytes;
}
