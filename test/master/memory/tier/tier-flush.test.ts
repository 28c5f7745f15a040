/**
 * Goal: rows come sorted as tier 2 sorts them and complete; a slot that changed meanwhile stays
 * dirty, and enters each epoch's list once. Method: epochs driven by hand, steps of a flush apart.
 */
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApplyStatus } from '../../../../src/master/memory/exports.js';
import { bytesOf, type EntryChange, record, TierHarness } from './tier-harness.js';

let tier: TierHarness;
beforeEach(() => {
  tier = new TierHarness(64 * 1024);
});

const put = (fields: Parameters<typeof record>[0]): EntryChange => ({
  kind: 'put',
  record: record(fields),
});
const name = bytesOf('name');

describe('copyDirty', () => {
  it('gives rows in the byte order of their keys, whatever the names', () => {
    const byte = fc.constantFrom(0, 0, 1, 97, 98, 254);
    const text = fc
      .uint8Array({ maxLength: 12 })
      .chain((bytes) =>
        fc
          .array(byte, { minLength: bytes.length % 3, maxLength: 14 })
          .map((list) => Uint8Array.from(list)),
      );
    const parentId = fc.constantFrom(0, 1, 255, 256, 2 ** 31, 2 ** 52 + 1, 2 ** 52 + 255);
    fc.assert(
      fc.property(fc.array(fc.tuple(parentId, text), { maxLength: 150 }), (keys) => {
        const fresh = new TierHarness(1 << 20);
        for (const [of, bytes] of keys) fresh.apply([put({ parentId: of, name: bytes, id: 1024 })]);
        const epoch = fresh.close();
        const rows = fresh.rows(fresh.kernel.copyDirty(epoch, 0, 1000));
        const listed = rows.map((row) => Buffer.from(row.key, 'latin1'));
        expect(listed).toEqual([...listed].sort(Buffer.compare));
        expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
        expect(rows.length).toBe(fresh.dirtyCount(epoch));
      }),
      { numRuns: 60 },
    );
  });

  it('gives each row its slot, seq, key, id and value; a removed key without a value', () => {
    tier.apply([put({ id: 1024, length: 9 })]);
    tier.apply([put({ id: 1025, name: bytesOf('gone') })]);
    tier.apply([{ kind: 'remove', parentId: 1, id: 1025, name: bytesOf('gone') }]);
    const rows = tier.rows(tier.kernel.copyDirty(tier.close(), 0, 10));
    expect(rows.map(({ seq, key, id, value }) => [seq, key, id, value.length > 0])).toEqual([
      [3, '\x01\x01gone', 0, false],
      [1, '\x01\x01name', 1024, true],
    ]);
    tier.tier2.set(rows[1]!.key, rows[1]!.value);
    expect(tier.stored()).toEqual([record({ id: 1024, length: 9, seq: 1 })]);
  });

  it('takes from the list what was asked for, and nothing behind its end', () => {
    for (let i = 0; i < 10; i++) tier.apply([put({ id: 1024 + i, name: bytesOf(`n${i}`) })]);
    const epoch = tier.close();
    const ids = (from: number, count: number): number[] =>
      tier.rows(tier.kernel.copyDirty(epoch, from, count)).map((row) => row.id);
    expect(ids(2, 3)).toEqual([1026, 1027, 1028]);
    expect(ids(8, 100)).toEqual([1032, 1033]);
    expect(ids(10, 100)).toEqual([]);
  });

  it('refuses the open epoch', () => {
    tier.apply([put({ id: 1024 })]);
    expect(() => tier.kernel.copyDirty(tier.epoch, 0, 10)).toThrow('only a closed epoch');
  });

  it('takes as many slots as the arena holds, and the rest at the next call', () => {
    const narrow = new TierHarness(32 << 20, 64 * 1024);
    const count = 3000;
    for (let i = 0; i < count; i++) {
      narrow.apply([put({ id: 1024 + i, name: bytesOf(`${i}${'x'.repeat(i % 80)}`) })]);
    }
    expect(narrow.flushes).toBe(0);
    const epoch = narrow.close();
    const seen: number[] = [];
    let calls = 0;
    for (; seen.length < count; calls++) {
      const taken = narrow.kernel.copyDirty(epoch, seen.length, count - seen.length);
      expect(taken).toBeGreaterThan(0);
      seen.push(...narrow.rows(taken).map((row) => row.id));
    }
    expect(calls).toBeGreaterThan(5);
    expect(new Set(seen).size).toBe(count);
  });
});

describe('markClean', () => {
  it('leaves what changed after the copy dirty, in one list an epoch', () => {
    tier.apply([put({ id: 1024, length: 1 })]);
    tier.apply([put({ id: 1025, name: bytesOf('still') })]);
    const first = tier.close();
    const taken = tier.commit(first, 0, 10);
    tier.apply([put({ id: 1024, length: 2 })]);
    tier.kernel.markClean(taken);
    tier.apply([put({ id: 1024, length: 3 })]);
    tier.kernel.dropEpoch(first);
    expect([tier.dirtyCount(first), tier.dirtyCount(tier.epoch)]).toEqual([0, 1]);
    tier.flush();
    expect(tier.stored().find((of) => of.id === 1024)).toMatchObject({ length: 3 });
  });

  it('leaves a slot dirty that was copied ahead of its epoch', () => {
    tier.apply([put({ id: 1024, length: 1 })]);
    const first = tier.close();
    tier.apply([put({ id: 1024, length: 2 })]);
    tier.kernel.markClean(tier.commit(first, 0, 10));
    // Cleaned here, it would enter the open list a second time now.
    tier.apply([put({ id: 1024, length: 3 })]);
    expect(tier.dirtyCount(tier.epoch)).toBe(1);
    expect(tier.stored()[0]).toMatchObject({ length: 2 });
  });

  it('leaves a slot dirty that its own entry changed again, after room was made', () => {
    const side: EntryChange = { kind: 'side', sideKind: 2, key: new Uint8Array(8) };
    tier.seal([put({ id: 1024, length: 1 }), side, put({ id: 1024, length: 2 })], 1);
    expect(tier.kernel.apply(tier.entry, 0)).toBe(ApplyStatus.SIDE);
    const first = tier.close();
    const taken = tier.commit(first, 0, 10);
    tier.kernel.apply(tier.entry, tier.stoppedAt + 8 + 24);
    tier.kernel.markClean(taken);
    tier.kernel.dropEpoch(first);
    expect(tier.lookup1(1, name)).toMatchObject({ length: 2, seq: 1 });
    tier.flush();
    expect(tier.stored()[0]).toMatchObject({ length: 2 });
  });

  it('makes a tombstone an absent name that may be evicted', () => {
    tier.apply([put({ id: 1024 })]);
    tier.apply([{ kind: 'remove', parentId: 1, id: 1024, name }]);
    tier.flush();
    expect(tier.lookup1(1, name)).toBeNull();
    expect(tier.stored()).toEqual([]);
  });
});
