/** The lock table by example, in one thread: exclusion, tickets and marks. */
import { beforeEach, describe, expect, it } from 'vitest';
import { type LockTable, NO_TICKET, Side } from '../../../src/master/lock/lock-table.js';
import { CONTROL } from '../../../src/master/memory/layout.js';
import type { SharedMemory } from '../../../src/master/memory/shared-memory.js';
import { lockMemory, locks, lockTables } from './lock-kit.js';

let shared: SharedMemory;
let one: LockTable;
let two: LockTable;
let three: LockTable;
beforeEach(() => {
  shared = lockMemory(3);
  [one, two, three] = lockTables(shared, 3) as [LockTable, LockTable, LockTable];
});

const untouched = { writer: undefined, readers: 0, ticket: 0 };
const stripes = Array.from({ length: 64 }, (_, stripe) => stripe);
const allUntouched = (): boolean =>
  stripes.every((stripe) => JSON.stringify(one.inspect(stripe)) === JSON.stringify(untouched));

describe('LockTable', () => {
  it('readers share, a writer excludes readers and writers', () => {
    const read = locks([7]);
    const write = locks([], [7]);
    expect(one.tryAcquire(read, NO_TICKET)).toBe(true);
    expect(two.tryAcquire(read, NO_TICKET)).toBe(true);
    expect(one.tryAcquire(read, NO_TICKET)).toBe(true);
    expect(three.inspect(7)).toEqual({ writer: undefined, readers: 3, ticket: 0 });
    expect(three.tryAcquire(write, NO_TICKET)).toBe(false);
    expect(one.tryAcquire(write, NO_TICKET), 'its own reader stops it too').toBe(false);
    one.release(read);
    one.release(read);
    two.release(read);
    expect(three.tryAcquire(write, NO_TICKET)).toBe(true);
    expect(one.inspect(7)).toEqual({ writer: 2, readers: 0, ticket: 0 });
    for (const table of [one, two, three]) {
      expect(table.tryAcquire(read, NO_TICKET)).toBe(false);
      expect(table.tryAcquire(write, NO_TICKET)).toBe(false);
    }
    three.release(write);
    expect(allUntouched()).toBe(true);
  });

  it('takes all or nothing: a failure puts everything back', () => {
    expect(one.tryAcquire(locks([], [30]), NO_TICKET)).toBe(true);
    expect(two.tryAcquire(locks([1, 2, 30, 40], [3, 50]), NO_TICKET)).toBe(false);
    for (const stripe of [1, 2, 3, 40, 50]) expect(one.inspect(stripe)).toEqual(untouched);
    expect(one.inspect(30)).toEqual({ writer: 0, readers: 0, ticket: 0 });
    expect(two.tryAcquire(locks([1, 2, 40], [3, 50]), NO_TICKET)).toBe(true);
    expect(two.tryAcquire(locks([], []), NO_TICKET), 'nothing is always to be had').toBe(true);
  });

  it('an operation that waits is not overtaken by one that never waited', () => {
    const held = locks([5]);
    const write = locks([], [5]);
    expect(one.tryAcquire(held, NO_TICKET)).toBe(true);
    const ticket = two.takeTicket();
    expect(two.tryAcquire(write, ticket)).toBe(false);
    expect(two.inspect(5).ticket).toBe(ticket);
    // A stream of readers would keep the writer out for ever.
    expect(three.tryAcquire(held, NO_TICKET)).toBe(false);
    expect(one.tryAcquire(held, NO_TICKET)).toBe(false);
    one.release(held);
    expect(three.tryAcquire(held, NO_TICKET)).toBe(false);
    expect(two.tryAcquire(write, ticket)).toBe(true);
    expect(two.inspect(5).ticket).toBe(0);
    two.release(write);
    expect(three.tryAcquire(held, NO_TICKET)).toBe(true);
  });

  it('of two that wait the older goes first, whoever tries first', () => {
    const write = locks([], [5]);
    expect(one.tryAcquire(write, NO_TICKET)).toBe(true);
    const older = two.takeTicket();
    const younger = three.takeTicket();
    expect(three.tryAcquire(write, younger)).toBe(false);
    expect(one.inspect(5).ticket).toBe(younger);
    expect(two.tryAcquire(write, older)).toBe(false);
    expect(one.inspect(5).ticket, 'the older mark replaces the younger').toBe(older);
    expect(three.tryAcquire(write, younger)).toBe(false);
    expect(one.inspect(5).ticket, 'and not the other way round').toBe(older);
    one.release(write);
    expect(three.tryAcquire(write, younger)).toBe(false);
    expect(two.tryAcquire(write, older)).toBe(true);
    two.release(write);
    expect(three.tryAcquire(write, younger)).toBe(true);
    three.release(write);
    expect(allUntouched()).toBe(true);
  });

  it('an older one passes the mark of a younger and leaves it standing', () => {
    expect(one.tryAcquire(locks([], [5]), NO_TICKET)).toBe(true);
    const older = two.takeTicket();
    const younger = three.takeTicket();
    expect(three.tryAcquire(locks([], [5]), younger)).toBe(false);
    one.release(locks([], [5]));
    expect(two.tryAcquire(locks([], [5]), older)).toBe(true);
    expect(one.inspect(5)).toEqual({ writer: 1, readers: 0, ticket: younger });
  });

  it('marks that several tries left are all taken away by success', () => {
    expect(one.tryAcquire(locks([], [1]), NO_TICKET)).toBe(true);
    expect(one.tryAcquire(locks([], [9]), NO_TICKET)).toBe(true);
    const ticket = two.takeTicket();
    const both = locks([], [1, 9]);
    expect(two.tryAcquire(both, ticket)).toBe(false);
    one.release(locks([], [1]));
    expect(two.tryAcquire(both, ticket)).toBe(false);
    expect([one.inspect(1).ticket, one.inspect(9).ticket]).toEqual([ticket, ticket]);
    one.release(locks([], [9]));
    expect(two.tryAcquire(both, ticket)).toBe(true);
    two.release(both);
    expect(allUntouched()).toBe(true);
  });

  it('what is given up leaves no mark, and says so to who waits', () => {
    shared.store(CONTROL.LOCK_PARKED, 1);
    expect(one.tryAcquire(locks([], [5]), NO_TICKET)).toBe(true);
    const ticket = two.takeTicket();
    expect(two.tryAcquire(locks([3, 4], [5]), ticket)).toBe(false);
    const releases = shared.load(CONTROL.LOCK_RELEASES);
    two.abandon(locks([3, 4], [5]), ticket);
    expect(one.inspect(5).ticket).toBe(0);
    expect(shared.load(CONTROL.LOCK_RELEASES)).toBe(releases + 1);
  });

  it('giving up takes away its own marks only', () => {
    expect(one.tryAcquire(locks([], [5]), NO_TICKET)).toBe(true);
    const older = two.takeTicket();
    const younger = three.takeTicket();
    expect(two.tryAcquire(locks([], [5]), older)).toBe(false);
    three.abandon(locks([], [5]), younger);
    expect(one.inspect(5).ticket).toBe(older);
  });

  it('releases are counted while somebody is parked, and only then', () => {
    const list = locks([1], [2]);
    const before = shared.load(CONTROL.LOCK_RELEASES);
    one.tryAcquire(list, NO_TICKET);
    one.release(list);
    expect(shared.load(CONTROL.LOCK_RELEASES)).toBe(before);
    shared.store(CONTROL.LOCK_PARKED, 1);
    one.tryAcquire(list, NO_TICKET);
    one.release(list);
    expect(shared.load(CONTROL.LOCK_RELEASES)).toBe(before + 1);
  });

  it('tickets wrap around 2^32 without the value that means none', () => {
    shared.store(CONTROL.LOCK_TICKET_NEXT, 0xffff_fffe);
    const older = two.takeTicket();
    const younger = three.takeTicket();
    expect(older).toBe(0xffff_ffff);
    expect(younger).toBe(1);
    const write = locks([], [5]);
    one.tryAcquire(write, NO_TICKET);
    expect(three.tryAcquire(write, younger)).toBe(false);
    expect(two.tryAcquire(write, older)).toBe(false);
    expect(one.inspect(5).ticket).toBe(older);
    one.release(write);
    expect(three.tryAcquire(write, younger)).toBe(false);
    expect(two.tryAcquire(write, older)).toBe(true);
  });

  it('tickets around 2^31 are compared as neighbours', () => {
    shared.store(CONTROL.LOCK_TICKET_NEXT, 0x7fff_fffe);
    const older = two.takeTicket();
    const younger = three.takeTicket();
    const write = locks([], [5]);
    one.tryAcquire(write, NO_TICKET);
    three.tryAcquire(write, younger);
    two.tryAcquire(write, older);
    expect([older, younger, one.inspect(5).ticket]).toEqual([2 ** 31 - 1, 2 ** 31, older]);
  });

  it('spreads consecutive ids, and edges that differ little, over the stripes', () => {
    const table = lockTables(lockMemory(1, 4096), 1)[0]!;
    const inodes = new Set<number>();
    for (let id = 1024; id < 1024 + 4096; id++) inodes.add(table.inodeStripe(id, Side.LEAF));
    const large = new Set<number>();
    for (let i = 0; i < 4096; i++) large.add(table.inodeStripe(2 ** 40 + i * 2 ** 32, Side.LEAF));
    // 4096 balls in the 2048 bins of one side leave 86 % of them used.
    expect(inodes.size).toBeGreaterThan(1600);
    expect(large.size).toBeGreaterThan(1600);
    for (const stripe of [...inodes, ...large]) expect(stripe).toBeLessThan(4096);
  });
});
