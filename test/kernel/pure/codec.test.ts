/**
 * Goal: tier 2 gives back exactly what went in, in few bytes, in key order, and refuses garbage.
 * Method: the kernels against the twin that spells the format out; snapshots of fixed records.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as record from '../../../src/base/record.js';
import { encodeKey, encodeValue, type RecordFields } from '../../../src/kernel/twin/codec.js';
import { anyRecord, bytesOf, complete } from './any-record.js';
import { kernel, put, RUNS, read, scratch, shared } from './kernel-fixture.js';

const AT = { record: scratch, key: scratch + 4096, value: scratch + 8192, out: scratch + 12_288 };

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
    const seconds = { ...complete, mtime: 1_600_000_000_000n };
    const hex = [complete, directory, rich, early, seconds].map((fields) =>
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
    expect(decode(key, [1, value[1]!, 0x80 | value[2]!, ...value.slice(3)]).length).toBe(0);
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
