/**
 * Goal: tier 2 gives back exactly what went in, in few bytes, in key order, and refuses garbage.
 * Method: the kernels against the twin that spells the format out; snapshots of fixed records.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../../src/base/crc32c.js';
import * as record from '../../../../src/master/memory/record.js';
import {
  encodeKey,
  encodeValue,
  type RecordFields,
} from '../../../../src/master/memory/twin/codec.js';
import { anyName, anyRecord, bytesOf, complete } from './any-record.js';
import { kernel, put, RUNS, read, scratch, shared } from './kernel-fixture.js';

const AT = { record: scratch, key: scratch + 4096, value: scratch + 8192, out: scratch + 12_288 };

function kernelKey(parentId: bigint, name: Uint8Array): Uint8Array {
  put(AT.record, name);
  return read(AT.key, kernel.encodeKey(Number(parentId), AT.record, name.length, AT.key));
}

function kernelValue(fields: RecordFields): Uint8Array {
  const keyBytes = put(AT.key, encodeKey(fields.parentId, fields.name));
  put(AT.record, bytesOf(fields));
  return read(AT.value, kernel.encodeValue(AT.key, keyBytes, AT.record, AT.value));
}

function decode(key: ArrayLike<number>, value: ArrayLike<number>): Uint8Array {
  put(AT.key, key);
  put(AT.value, value);
  shared.u8.fill(0xa5, AT.out, AT.out + 512);
  return read(AT.out, kernel.decodeRecord(AT.key, key.length, AT.value, value.length, AT.out));
}

/** A value with the sum that its bytes would have, so that what lies behind the sum is reached. */
function sealed(key: ArrayLike<number>, value: ArrayLike<number>): Uint8Array {
  const bytes = Uint8Array.from([...Array.from(key), ...Array.from(value)]);
  const sum = crc32c(bytes, 0, bytes.length);
  return Uint8Array.from([...Array.from(value), ...[0, 8, 16, 24].map((bit) => sum >>> bit)]);
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

  test('keys sort as (id, name) does, and a trash shadow behind its directory', () => {
    const id = fc.oneof(fc.bigInt(0n, 600n), fc.bigInt(0n, 2n ** 52n - 1n));
    const key = fc.tuple(id, fc.boolean(), anyName(4));
    const parentOf = (directory: bigint, inTrash: boolean): bigint =>
      directory + (inTrash ? BigInt(record.TRASH_BIT) : 0n);
    fc.assert(
      fc.property(key, key, ([idA, trashA, nameA], [idB, trashB, nameB]) => {
        const byId = Number(idA > idB) - Number(idA < idB) || Number(trashA) - Number(trashB);
        const expected = byId !== 0 ? byId : Buffer.compare(nameA, nameB);
        const keyA = kernelKey(parentOf(idA, trashA), nameA);
        expect(Buffer.compare(keyA, kernelKey(parentOf(idB, trashB), nameB))).toBe(expected);
      }),
      RUNS,
    );
    expect(read(AT.out, kernel.encodeId(record.TRASH_BIT + 258, AT.out))).toEqual(
      Uint8Array.of(2, 1, 2, record.SHADOW_MARK),
    );
  });

  test('an id has one form: one with the bit of a trash shadow in its digits is damage', () => {
    const key = Uint8Array.of(7, 16, 0, 0, 0, 0, 0, 1, 0x61);
    const value = kernelValue({ ...complete, parentId: 1n, name: Uint8Array.of(0x61) });
    expect(decode(key, sealed(key, value.subarray(0, -4))).length).toBe(0);
    const right = kernelKey(BigInt(record.TRASH_BIT) + 1n, Uint8Array.of(0x61));
    expect(decode(right, sealed(right, value.subarray(0, -4))).length).toBeGreaterThan(0);
  });

  test('version 2 is these bytes for ever', () => {
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
    const seconds = { ...complete, mtime: 1_600_000_000_000n };
    const hex = [complete, directory, rich, early, seconds].map((fields) =>
      Buffer.from(kernelValue(fields)).toString('hex'),
    );
    expect(hex).toMatchSnapshot();
  });

  test('a complete file of a namespace of a billion takes at most 30 bytes of value', () => {
    expect(kernelValue(complete).length).toBeLessThanOrEqual(30);
  });

  test('refuses what it did not write, and never reads or writes beyond', () => {
    const key = kernelKey(complete.parentId, complete.name);
    const value = kernelValue({ ...complete, ttl: 5n, fingerprint: 77n }).slice(0, -4);
    const decodeSealed = (k: ArrayLike<number>, v: ArrayLike<number>) => decode(k, sealed(k, v));
    expect(decodeSealed(key, value).length).toBeGreaterThan(0);
    for (let length = 0; length < value.length; length++) {
      expect(decodeSealed(key, value.slice(0, length)).length).toBe(0);
      expect(decode(key, value.slice(0, length)).length).toBe(0);
    }
    expect(decodeSealed(key, [...value, 0]).length).toBe(0);
    expect(decodeSealed([], value).length).toBe(0);
    expect(decodeSealed([9, ...key], value).length).toBe(0);
    expect(decodeSealed([2, 0, 1], value).length).toBe(0);
    expect(decodeSealed([1, 1, ...new Uint8Array(256)], value).length).toBe(0);
    expect(decodeSealed(key, [1, ...value.slice(1)]).length).toBe(0);
    const unknownBit = [value[0]!, value[1]!, 0x80 | value[2]!, ...value.slice(3)];
    expect(decodeSealed(key, unknownBit).length).toBe(0);
    put(AT.record, new Uint8Array(96));
    expect(kernel.encodeValue(AT.key, 1, AT.record, AT.value)).toBe(0);
  });

  test('refuses every record with one flipped bit, in the key or in the value', () => {
    const key = kernelKey(complete.parentId, complete.name);
    const row = Uint8Array.from([...key, ...kernelValue({ ...complete, ttl: 5n })]);
    for (let bit = 0; bit < row.length * 8; bit++) {
      const flipped = row.slice();
      flipped[bit >> 3] = flipped[bit >> 3]! ^ (1 << (bit & 7));
      const decoded = decode(flipped.slice(0, key.length), flipped.slice(key.length));
      expect(decoded.length, `bit ${bit}`).toBe(0);
    }
  });

  test('refuses a value that stands under another key', () => {
    const value = kernelValue(complete);
    expect(decode(encodeKey(complete.parentId, complete.name), value).length).toBeGreaterThan(0);
    expect(decode(encodeKey(complete.parentId + 1n, complete.name), value).length).toBe(0);
  });

  test('garbage gives 0 or a record that fits the header', () => {
    const garbage = fc.uint8Array({ maxLength: 60 });
    fc.assert(
      fc.property(garbage, garbage, (key, value) => {
        const decoded = decode(key, sealed(key, value.length > 0 ? [2, ...value.slice(1)] : value));
        if (decoded.length === 0) return;
        expect(decoded.length).toBe(record.RECORD_NAME + decoded[record.RECORD_NAME_LEN]!);
        expect(shared.u8[AT.out + decoded.length]).toBe(0xa5);
      }),
      RUNS,
    );
  });
});
