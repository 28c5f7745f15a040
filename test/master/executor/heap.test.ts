/** The heap that parked calls stand in, against a sorted array. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../../src/master/executor/heap.js';

test('a Heap gives out the least, whatever was put in, taken out and removed', () => {
  const move = fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 50 }) },
    { weight: 4, arbitrary: fc.constantFrom('pop' as const) },
    { weight: 1, arbitrary: fc.constantFrom('remove' as const) },
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200, size: 'max' }), (moves) => {
      const heap = new Heap<number>((one, other) => one < other);
      let model: number[] = [];
      const ascending = (items: Iterable<number>): number[] => [...items].sort((a, b) => a - b);
      for (const one of moves) {
        if (one === 'pop') {
          expect(heap.pop()).toBe(model.shift());
        } else if (one === 'remove') {
          const odd = (value: number): boolean => value % 2 === 1;
          expect(ascending(heap.removeIf(odd))).toEqual(model.filter(odd));
          model = model.filter((value) => !odd(value));
        } else {
          heap.push(one);
          model = ascending([...model, one]);
        }
        expect(heap.size).toBe(model.length);
        expect(heap.peek()).toBe(model[0]);
        expect(ascending(heap)).toEqual(model);
      }
    }),
  );
});
