/** Goal: a sealed lock list is what a map from stripe to "written" says, in ascending order. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LockList } from '../../../src/master/lock/lock-list.js';

type Want = readonly [stripe: number, write: boolean];

const wants = (max: number): fc.Arbitrary<Want[]> =>
  fc.array(fc.tuple(fc.integer({ min: 0, max }), fc.boolean()), { maxLength: 80 });

function sealed(list: readonly Want[], into = new LockList(4)): LockList {
  into.clear();
  for (const [stripe, write] of list) into.add(stripe, write);
  into.seal();
  return into;
}

const rows = (list: LockList): Want[] =>
  Array.from({ length: list.count }, (_, i) => [list.stripe(i), list.isWrite(i)]);

function model(list: readonly Want[]): Want[] {
  const stripes = new Map<number, boolean>();
  for (const [stripe, write] of list) stripes.set(stripe, write || stripes.get(stripe) === true);
  return [...stripes].sort(([a], [b]) => a - b);
}

describe('LockList', () => {
  it('sorts, merges doubles, and keeps the stronger wish', () => {
    // Few stripes give many doubles; up to 80 wishes use both ways of sorting.
    for (const max of [12, 2 ** 22 - 1]) {
      fc.assert(
        fc.property(wants(max), (list) => {
          expect(rows(sealed(list))).toEqual(model(list));
        }),
      );
    }
  });

  it('equals another by content, whatever the order of the wishes', () => {
    fc.assert(
      fc.property(wants(6), wants(6), (a, b) => {
        expect(sealed(a).equals(sealed(a.toReversed()))).toBe(true);
        const same = JSON.stringify(model(a)) === JSON.stringify(model(b));
        expect(sealed(a).equals(sealed(b))).toBe(same);
      }),
    );
  });

  it('copies what is sealed, into a smaller or a used list', () => {
    fc.assert(
      fc.property(wants(100), wants(100), (a, b) => {
        const copy = sealed(b);
        copy.copyFrom(sealed(a));
        expect(rows(copy)).toEqual(model(a));
        expect(() => copy.add(1, false)).toThrow('sealed');
      }),
    );
  });

  it('is used again after clear()', () => {
    const list = sealed([[5, true]]);
    expect(() => list.add(1, false)).toThrow('sealed');
    expect(rows(sealed([[1, false]], list))).toEqual([[1, false]]);
  });
});
