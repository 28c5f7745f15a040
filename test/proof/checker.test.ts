/**
 * The checker against histories that are valid by construction, and against a search that is too
 * simple to be wrong: every order of the operations that the times allow.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, op, TwinServer } from './histories.js';
import { EMPTY, type Inode, step } from './namespace-model.js';
import type { Answer, Operation, Request } from './operation.js';

const seed = Number(process.env['ORCHARD_TEST_SEED'] ?? Date.now() % 1_000_000);
const FIXED = ['/p', '/t'];

const filePath = fc.constantFrom('/p/f', '/p/g');
const treePath = fc.constantFrom(
  '/t/1',
  '/t/1/a',
  '/t/1/b',
  '/t/1/a/d',
  '/t/1/b/d',
  '/t/2',
  '/t/2/a',
);
const path = fc.oneof(filePath, treePath);
const mode = fc.constantFrom(0o600, 0o640);

const change: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    do: fc.constant('create' as const),
    path,
    mode: fc.constant(0o644),
    overwrite: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('mkdir' as const),
    path: treePath,
    mode: fc.constant(0o755),
    allowExists: fc.constant(false),
  }),
  fc.record({ do: fc.constant('complete' as const), path, length: fc.nat(2) }),
  fc.record({ do: fc.constant('delete' as const), path, recursive: fc.boolean() }),
  fc.record({ do: fc.constant('rename' as const), path, to: path, overwrite: fc.boolean() }),
  fc.record({ do: fc.constant('setAttribute' as const), path, mode }),
);
const look = (verbs: readonly ('getStatus' | 'exists' | 'list')[]): fc.Arbitrary<Request> =>
  fc.record({ do: fc.constantFrom(...verbs), path });

/** Calls, and how far each is stretched before and after the moment at which it takes effect. */
const calls = (maxLength: number, request: fc.Arbitrary<Request>, stretch: number) =>
  fc.array(fc.tuple(request, fc.nat(stretch), fc.nat(stretch)), { minLength: 1, maxLength });

/** Answered one after the other, in the order of the list, whatever their intervals say. */
function goodHistory(drawn: readonly (readonly [Request, number, number])[]): Operation[] {
  const server = new TwinServer(FIXED);
  return drawn.map(([request, early, late], i) => {
    const at = i * 10;
    return op(at - early, at + late, request, server.answer(request));
  });
}

/** Whether any order that time allows explains all answers; open operations are left out or not. */
function bruteForce(operations: readonly Operation[]): boolean {
  const explains = (state: Inode, left: readonly Operation[]): boolean => {
    if (left.every(({ answer }) => answer === undefined)) return true;
    const firstReturn = Math.min(...left.map(({ returnedNs }) => returnedNs));
    return left.some((one) => {
      if (one.calledNs > firstReturn) return false;
      const next = step(state, one);
      const others = left.filter((other) => other !== one);
      return next !== undefined && explains(next, others);
    });
  };
  return explains(EMPTY, operations);
}

/** Another answer that the same request might get. */
function corrupt(answer: Answer, by: number): Answer {
  const { sight, exists } = answer;
  if (exists !== undefined) return { code: 'OK', exists: !exists };
  if (answer.code !== 'OK') return { code: 'OK' };
  if (sight === undefined || by === 0) return { code: 'NOT_FOUND' };
  if (by === 1) return { code: 'OK', sight: { ...sight, id: sight.id + 1 } };
  if (by === 2) return { code: 'OK', sight: { ...sight, mode: sight.mode ^ 0o40 } };
  return { code: 'OK', sight: { ...sight, completed: !sight.completed } };
}

describe(`the checker (seed ${seed})`, () => {
  it('accepts what was answered one by one, however the intervals overlap', () => {
    const requests = fc.oneof(change, look(['getStatus', 'exists', 'list']));
    fc.assert(
      fc.property(calls(60, requests, 45), (drawn) => {
        expect(check(goodHistory(drawn))).toBeUndefined();
      }),
      { seed, numRuns: 400 },
    );
  });

  it('accepts it also when some answers got lost', () => {
    const drawn = calls(40, fc.oneof(change, look(['getStatus'])), 35);
    fc.assert(
      fc.property(drawn, fc.array(fc.nat(39), { maxLength: 5 }), (list, lost) => {
        const history = goodHistory(list).map((one, i) =>
          lost.includes(i) && one.request.do !== 'getStatus'
            ? { ...one, answer: undefined, returnedNs: Number.POSITIVE_INFINITY }
            : one,
        );
        expect(check(history)).toBeUndefined();
      }),
      { seed, numRuns: 400 },
    );
  });

  it('refuses any other answer where nothing overlaps', () => {
    const requests = fc.oneof(change, look(['getStatus', 'exists']));
    fc.assert(
      fc.property(calls(20, requests, 0), fc.nat(), fc.nat(3), (drawn, which, by) => {
        const history = goodHistory(drawn);
        const at = which % history.length;
        const one = history[at]!;
        // What is new may have any id.
        const isNew = one.request.do === 'create' || one.request.do === 'mkdir';
        history[at] = { ...one, answer: corrupt(one.answer!, isNew && by === 1 ? 2 : by) };
        expect(check(history)).toBeDefined();
      }),
      { seed, numRuns: 400 },
    );
  });

  it('says of corrupted answers what the simple search says', () => {
    const requests = fc.oneof(change, look(['getStatus', 'exists']));
    let refused = 0;
    let accepted = 0;
    const agree = fc.property(
      calls(7, requests, 45),
      fc.nat(),
      fc.nat(3),
      fc.boolean(),
      (drawn, which, by, loses) => {
        const history = goodHistory(drawn);
        const at = which % history.length;
        const one = history[at]!;
        history[at] = { ...one, answer: corrupt(one.answer!, by) };
        const lost = (at + 1) % history.length;
        if (loses && lost !== at && 'mode' in history[lost]!.request) {
          const returnedNs = Number.POSITIVE_INFINITY;
          history[lost] = { ...history[lost]!, answer: undefined, returnedNs };
        }
        const expected = bruteForce(history);
        if (expected) accepted++;
        else refused++;
        expect(check(history) === undefined).toBe(expected);
      },
    );
    fc.assert(agree, { seed, numRuns: 3000 });
    // Otherwise this run has proved nothing.
    expect(Math.min(refused, accepted)).toBeGreaterThan(100);
  });
});
