/**
 * Goal: tier 2 gives back exactly what went in, in few bytes, in key order, and refuses garbage.
 * Method: the kernels against the twin that spells the format out; snapshots of fixed records.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as record from '../../../src/base/record.js';
import { encodeKey, encodeValue, type RecordFields } from '../../../src/kernel/twin/codec.js';
import { kernel, put, RUNS, read, scratch, shared } from './kernel-fixture.js';

const AT = { record: scratch, key: scratch + 4096, value: scratch + 8192, out: scratch + 12_288 };

const complete: RecordFields = {
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
const time = fc.oneof(fc.bigInt(1_500_000_000_000n, 3_000_000_000_000n), i64);
const u32 = fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }));
const i16 = fc.integer({ min: -32_768, max: 32_767 });

const anyRecord: fc.Arbitrary<RecordFields> = fc.record({
  parentId: fc.bigInt(0n, 2n ** 53n - 1n),
  name: fc.uint8Array({ maxLength: 255 }),
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

function bytesOf(fields: RecordFields): Uint8Array {
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

function kernelKey(parentId: bigint, name: Uint8Array): Uint8Array {
  put(AT.record, name);
  return read(AT.key, kernel.encodeKey(Number(parentId), AT.record, name.length, AT.key));
}

function kernelValue(fields: RecordFields): Uint8Array {
  put(AT.record, bytesOf(fields));
  return read(AT.value, kernel.encodeValue(AT.record, AT.value));
}

function decode(key: ArrayLike<number>, value: ArrayLike<number>): Uint8Array {
  put(AT.key, key);
  put(AT.value, value);
  shared.u8.fill(0xa5, AT.out, AT.out + 512);
  return read(AT.out, kernel.decodeRecord(AT.key, key.length, AT.value, value.length, AT.out));
}

describe('codec', () => {
  test('writes the bytes of its twin and reads back the whole record', () => {
    fc.assert(
      fc.property(anyRecord, (fields) => {
        const key = kernelKey(fields.parentId, fields.name);
        const value = kernelValue(fields);
        expect(key).toEqual(Uint8Array.from(encodeKey(fields.parentId, fields.name)));
        expect(value).toEqual(Uint8Array.from(encodeValue(fields)));
        expect(decode(key, value)).toEqual(bytesOf(fields));
      }),
      RUNS,
    );
  });

  test('keys sort as (id, name) does', () => {
    const id = fc.oneof(fc.bigInt(0n, 600n), fc.bigInt(0n, 2n ** 53n - 1n));
    const key = fc.tuple(id, fc.uint8Array({ maxLength: 4 }));
    fc.assert(
      fc.property(key, key, ([idA, nameA], [idB, nameB]) => {
        const byId = Number(idA > idB) - Number(idA < idB);
        const expected = byId !== 0 ? byId : Buffer.compare(nameA, nameB);
        expect(Buffer.compare(kernelKey(idA, nameA), kernelKey(idB, nameB))).toBe(expected);
      }),
      RUNS,
    );
    expect(read(AT.out, kernel.encodeId(record.TRASH_BIT + 1, AT.out))).toEqual(
      Uint8Array.of(7, 16, 0, 0, 0, 0, 0, 1),
    );
  });

  test('version 1 is these bytes for ever', () => {
    const directory = { ...complete, type: record.INODE_TYPE_DIRECTORY, length: 12n, mode: 0o750 };
    const rich: RecordFields = {
      ...complete,
      ttl: 86_400_000n,
      blockSize: 1n << 27n,
      mode: 0o600,
      flags: 5,
      mountId: 3,
      replicationMin: 1,
      replicationMax: 3,
      fingerprint: 0x1122_3344_5566_7788n,
    };
    const early = { ...complete, ctime: -5n, mtime: -5n };
    const hex = [complete, directory, rich, early].map((fields) =>
      Buffer.from(kernelValue(fields)).toString('hex'),
    );
    expect(hex).toMatchSnapshot();
  });

  test('a complete file of a namespace of a billion takes at most 26 bytes of value', () => {
    expect(kernelValue(complete).length).toBeLessThanOrEqual(26);
  });

  test('refuses what it did not write, and never reads or writes beyond', () => {
    const key = kernelKey(complete.parentId, complete.name);
    const value = kernelValue({ ...complete, ttl: 5n, fingerprint: 77n });
    expect(decode(key, value).length).toBeGreaterThan(0);
    for (let length = 0; length < value.length; length++) {
      expect(decode(key, value.slice(0, length)).length).toBe(0);
    }
    expect(decode(key, [...value, 0]).length).toBe(0);
    expect(decode([], value).length).toBe(0);
    expect(decode([9, ...key], value).length).toBe(0);
    expect(decode([2, 0, 1], value).length).toBe(0);
    expect(decode([1, 1, ...new Uint8Array(256)], value).length).toBe(0);
    expect(decode(key, [2, ...value.slice(1)]).length).toBe(0);
    expect(decode(key, [1, value[1]!, 0x40 | value[2]!, ...value.slice(3)]).length).toBe(0);
    expect(kernel.encodeValue(put(AT.record, new Uint8Array(96)) * 0 + AT.record, AT.value)).toBe(
      0,
    );
  });

  test('garbage gives 0 or a record that fits the header', () => {
    const garbage = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(garbage, garbage, (key, value) => {
        const decoded = decode(key, value.length > 0 ? [1, ...value.slice(1)] : value);
        if (decoded.length === 0) return;
        expect(decoded.length).toBe(record.RECORD_NAME + decoded[record.RECORD_NAME_LEN]!);
        expect(shared.u8[AT.out + decoded.length]).toBe(0xa5);
      }),
      RUNS,
    );
  });
});
