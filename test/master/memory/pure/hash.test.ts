/** Goal: all threads agree on the hash of a key. Method: the kernel against its BigInt twin. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey, setIndexOf } from '../../../../src/master/memory/twin/hash.js';
import { kernel, put, RUNS, scratch, shared } from './kernel-fixture.js';

const text = new TextEncoder();

function kernelHash(parentId: number, name: Uint8Array): bigint {
  const out = scratch + 4096;
  put(scratch, name);
  kernel.hashKey(parentId, scratch, name.length, out);
  return shared.view.getBigUint64(out, true);
}

describe('hashKey', () => {
  test('equals its twin for every parent and every name', () => {
    const parent = fc.maxSafeNat();
    const name = fc.uint8Array({ maxLength: 255 });
    fc.assert(
      fc.property(parent, name, (id, bytes) => {
        expect(kernelHash(id, bytes)).toBe(hashKey(BigInt(id), bytes));
      }),
      RUNS,
    );
  });

  test('reads nothing behind the name', () => {
    for (let length = 0; length <= 40; length++) {
      const name = new Uint8Array(length).fill(0x61);
      put(scratch, new Uint8Array(64).fill(1));
      const before = kernelHash(7, name);
      put(scratch, new Uint8Array(64).fill(255));
      expect(kernelHash(7, name)).toBe(before);
    }
  });

  test('has fixed vectors: lock stripes and sets of mixed builds would disagree otherwise', () => {
    const vectors = ['', 'a', 'ab', 'abc', 'data', 'file-0', 'file-000', 'part-00000.parquet'];
    const rows = vectors.map((name) => `${name}: ${kernelHash(1, text.encode(name)).toString(16)}`);
    expect(rows).toMatchSnapshot();
  });

  test('flips half of the bits when one bit of the key flips, and spreads sequential keys', () => {
    const name = text.encode('file-000123');
    const original = kernelHash(99, name);
    let flipped = 0;
    for (let bit = 0; bit < name.length * 8; bit++) {
      const other = name.slice();
      other[bit >> 3]! ^= 1 << (bit & 7);
      flipped += (kernelHash(99, other) ^ original).toString(2).replaceAll('0', '').length;
    }
    expect(flipped / (name.length * 8)).toBeGreaterThan(28);
    expect(flipped / (name.length * 8)).toBeLessThan(36);

    const counts = new Uint32Array(97);
    for (let i = 0; i < 97_000; i++) {
      const key = text.encode(`file-${i % 1000}`);
      counts[setIndexOf(kernelHash(1024 + Math.floor(i / 1000), key), 97)]!++;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1150);
  });
});
