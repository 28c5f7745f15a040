/**
 * A lock that is given back and not held is seen by whoever gives it back, always; one that nobody
 * gives back, by the check of all words (ORCHARD_INVARIANTS).
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SharedStateError } from '../../../src/base/assert.js';
import { type LockTable, NO_TICKET, Side } from '../../../src/master/lock/lock-table.js';
import { CreateFileT } from '../../../src/wire/generated/index.js';
import { WireMaster } from '../../support/wire-master.js';
import { lockMemory, locks, lockTables } from './lock-kit.js';

let one: LockTable;
let two: LockTable;
beforeEach(() => {
  [one, two] = lockTables(lockMemory(2), 2) as [LockTable, LockTable];
});

describe('release', () => {
  it.each([
    ['for reading', locks([5]), /a released read lock is held \(at 5: 0\)/],
    ['for writing', locks([], [5]), /a released write lock is held \(at 5: 0\)/],
  ])('twice, %s', (_, list, says) => {
    expect(one.tryAcquire(list, NO_TICKET)).toBe(true);
    one.release(list);
    expect(() => one.release(list)).toThrow(SharedStateError);
    expect(() => two.release(list)).toThrow(says);
  });

  it('in the other mode than it was taken in', () => {
    expect(one.tryAcquire(locks([5], [6]), NO_TICKET)).toBe(true);
    expect(() => one.release(locks([], [5]))).toThrow(/a released write lock is held/);
    expect(() => one.release(locks([6]))).toThrow(/a released read lock is held/);
  });

  it('of what another executor holds', () => {
    expect(one.tryAcquire(locks([5], [6]), NO_TICKET)).toBe(true);
    expect(() => two.release(locks([5]))).toThrow(/a released read lock is held/);
    expect(() => two.release(locks([], [6]))).toThrow(/a released write lock is held \(at 6: 1\)/);
  });
});

describe('check', () => {
  it('passes over what calls hold, how often they do', () => {
    for (const _ of [1, 2]) expect(one.tryAcquire(locks([5]), NO_TICKET)).toBe(true);
    expect(one.tryAcquire(locks([7], [6]), NO_TICKET)).toBe(true);
    const held = [
      [10, 2],
      [14, 1],
      [13, 1],
    ] as const;
    one.check(new Map(held));
    two.check(new Map());
  });

  it('finds what no call holds, and what a call should hold', () => {
    expect(one.tryAcquire(locks([5], [6]), NO_TICKET)).toBe(true);
    expect(() => one.check(new Map())).toThrow(/held for reading .* \(at 5: 1\)/);
    expect(() => one.check(new Map([[10, 1]]))).toThrow(/held for writing .* \(at 6\)/);
    const all = [10, 13, 40].map((word) => [word, 1] as const);
    expect(() => one.check(new Map(all))).toThrow(/stands in the words/);
  });
});

describe('the kernels', () => {
  let master: WireMaster;
  beforeEach(() => {
    master = new WireMaster();
  });
  afterEach(() => master.close());

  it('know what they hold as well', async () => {
    const { executor } = master.fixture;
    await master.ask('CreateFile', new CreateFileT('/f'));
    const port = master.send('CreateFile', new CreateFileT('/g'));
    const root = executor.locks.inodeStripe(1, Side.DIRECTORY);
    expect(executor.locks.inspect(root).readers).toBe(1);
    executor.locks.release(locks([root]));
    const finished = master.fixture.until(() => port.ended);
    await expect(finished).rejects.toThrow(/a read lock that is released is held/);
  });
});
