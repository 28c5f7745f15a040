/** The queue of parked and committing calls against a plain array. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Deque } from '../../../src/master/executor/deque.js';

it('a Deque is an array of which one pushes behind and shifts in front', () => {
  const move = fc.oneof(
    { weight: 6, arbitrary: fc.nat({ max: 50 }) },
    { weight: 4, arbitrary: fc.constantFrom('shift' as const) },
  );
  fc.assert(
    fc.property(fc.array(move, { maxLength: 200, size: 'max' }), (moves) => {
      const deque = new Deque<number>();
      const model: number[] = [];
      for (const one of moves) {
        if (one === 'shift') {
          expect(deque.shift()).toBe(model.shift());
        } else {
          deque.push(one);
          model.push(one);
        }
        expect(deque.size).toBe(model.length);
        expect([...deque]).toEqual(model);
      }
    }),
  );
});
