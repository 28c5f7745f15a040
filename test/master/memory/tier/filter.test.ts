/**
 * The filter of tier 2's keys: never denies a key that a flush has carried to tier 2, denies nearly
 * all others once it is complete and nothing before; and is bit for bit what its twin says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONTROL, EXECUTOR, FILTER_BLOCK_BYTES } from '../../../../src/master/memory/layout.js';
import { TRASH_BIT } from '../../../../src/master/memory/record.js';
import { filterBits } from '../../../../src/master/memory/twin/filter.js';
import { hashKey } from '../../../../src/master/memory/twin/hash.js';
import { PAGE_BYTES } from '../../../../src/master/storage/page-format.js';
import { bytesOf, record, TierHarness } from './tier-harness.js';

const BLOCKS = 64;
const open = (): TierHarness => new TierHarness(1, undefined, BLOCKS * FILTER_BLOCK_BYTES);

const put = (harness: TierHarness, id: number, name: string, parentId = 1): void =>
  harness.apply([{ kind: 'put', record: record({ id, parentId, name: bytesOf(name) }) }]);

/** To tier 2 with everything, and out of a tier 1 of a few sets by what comes after it. */
function flushAndEvict(harness: TierHarness): void {
  for (let i = 0; i < 200; i++) put(harness, 1_000_000 + i, `other-${i}`, 9999);
  harness.flush();
}

describe('the filter of keys', () => {
  it('denies nothing until it is complete, and nothing that was flushed after it', () => {
    const harness = open();
    for (let i = 0; i < 100; i++) put(harness, 2000 + i, `f${i}`);
    harness.flush();
    harness.kernel.filterClear();
    expect(harness.lookup1(1, bytesOf('never'))).toBeUndefined();
    for (let i = 100; i < 200; i++) put(harness, 2000 + i, `f${i}`);
    harness.flush();
    // What was there before the clear is what a scan of tier 2 adds.
    const key = harness.base + EXECUTOR.KEY;
    for (const text of harness.tier2.keys()) {
      harness.shared.u8.set(Buffer.from(text, 'latin1'), key);
      harness.kernel.filterAddKey(key, text.length);
    }
    harness.kernel.filterComplete();
    for (let i = 0; i < 200; i++) {
      expect(harness.lookup(1, bytesOf(`f${i}`))).toMatchObject({ id: 2000 + i });
    }
    harness.kernel.filterClear();
    expect(harness.lookup1(1, bytesOf('never'))).toBeUndefined();
  });

  it('holds what was flushed, also when it is in the trash, and forgets nothing', () => {
    const name = fc.stringMatching(/^[a-c]{1,40}$/);
    const parent = fc.constantFrom(1, 2000, 1 + TRASH_BIT);
    const step = fc.record({ name, parent, gone: fc.boolean(), flush: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const harness = open();
        harness.kernel.filterComplete();
        const there = new Map<string, number>();
        for (const [i, { name, parent, gone, flush }] of steps.entries()) {
          const key = `${parent} ${name}`;
          const id = there.get(key);
          if (!gone) {
            put(harness, 5000 + i, name, parent);
            there.set(key, 5000 + i);
          } else if (id !== undefined) {
            harness.apply([{ kind: 'remove', parentId: parent, id, name: bytesOf(name) }]);
            there.delete(key);
          }
          if (flush) flushAndEvict(harness);
          const found = harness.lookup(parent, bytesOf(name));
          expect(found?.id).toBe(there.get(key));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('denies nearly every other name when it has as many keys as it was made for', () => {
    const harness = open();
    harness.kernel.filterComplete();
    const count = BLOCKS * 64;
    for (let i = 0; i < count; i++) put(harness, 2000 + i, `some-file-${i}.parquet`);
    harness.flush();
    let unsure = 0;
    for (let i = 0; i < count; i++) {
      const found = harness.lookup1(1, bytesOf(`some-file-${i}.part`));
      expect(found === null || found === undefined).toBe(true);
      if (found === undefined) unsure++;
    }
    expect(unsure / count).toBeLessThan(0.06);
    const keys = harness.kernel.load64(64 * 1024 + CONTROL.FILTER_KEYS);
    expect(keys).toBeGreaterThan(count * 0.97);
    expect(keys).toBeLessThanOrEqual(count);
  });

  it('sets the bits that its twin names, and no others', () => {
    const { shared, kernel, base } = open();
    const key = base + EXECUTOR.KEY;
    const at = shared.fixed(CONTROL.FILTER_BASE);
    const bytes = BLOCKS * FILTER_BLOCK_BYTES;
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 51 }),
        fc.uint8Array({ maxLength: 40 }),
        (id, raw) => {
          const name = raw.map((byte) => byte & 0x7f);
          shared.u8.set(name, base + EXECUTOR.VALUE);
          const length = kernel.encodeKey(id, base + EXECUTOR.VALUE, name.length, key);
          kernel.filterClear();
          kernel.filterAddKey(key, length);
          const expected = new Uint8Array(bytes);
          const { block, bits } = filterBits(hashKey(BigInt(id), name), BLOCKS);
          for (const bit of bits)
            expected[block * FILTER_BLOCK_BYTES + (bit >> 3)]! |= 1 << (bit & 7);
          expect(Buffer.compare(shared.u8.slice(at, at + bytes), expected)).toBe(0);
        },
      ),
    );
  });

  it('takes all keys of a page, and refuses what is none', () => {
    const { shared, kernel, base } = open();
    const filter = shared.fixed(CONTROL.FILTER_BASE);
    const bytes = BLOCKS * FILTER_BLOCK_BYTES;
    const bits = () => Buffer.from(shared.u8.slice(filter, filter + bytes));
    const pageAt = base + EXECUTOR.REQUEST;
    const key = fc.uint8Array({ minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 60 }), (names) => {
        const page = Buffer.alloc(PAGE_BYTES);
        let end = PAGE_BYTES;
        kernel.filterClear();
        for (const [i, name] of names.entries()) {
          shared.u8.set(name, base + EXECUTOR.VALUE);
          const at = base + EXECUTOR.KEY;
          const keyBytes = kernel.encodeKey(77, base + EXECUTOR.VALUE, name.length, at);
          kernel.filterAddKey(at, keyBytes);
          end -= 8 + keyBytes;
          page.writeUInt16LE(keyBytes, end + 6);
          page.set(shared.u8.subarray(at, at + keyBytes), end + 8);
          page.writeUInt16LE(end - 24, 24 + 2 * i);
        }
        page.writeUInt16LE(2 * names.length, 20);
        const expected = bits();
        kernel.filterClear();
        shared.u8.set(page, pageAt);
        expect(kernel.filterAddLeaf(pageAt)).toBe(names.length);
        expect(bits().equals(expected)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.nat(4072), (head, lower) => {
        const page = Buffer.alloc(PAGE_BYTES, head);
        page.writeUInt16LE(lower, 20);
        shared.u8.set(page, pageAt);
        const count = kernel.filterAddLeaf(pageAt);
        expect(count === -1 || count === lower >> 1).toBe(true);
      }),
    );
  });
});
