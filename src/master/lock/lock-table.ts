/**
 * Inode and edge locks, hashed to stripes of shared memory. Readers share, a writer excludes. An
 * operation takes all its stripes at once, by try-lock. On the first failure it puts all of them
 * back, so nobody waits while holding a lock, and there is no deadlock.
 *
 * Three words a stripe:
 *   writer   0, or executor + 1 of the one writer
 *   ticket   0, or the ticket of the oldest parked operation that wants the stripe
 *   column   one count of readers for every executor, each in its own region: 72 M locks/s a
 *            thread were measured with a column each, 14 M/s with one shared word
 *
 * Why no reader is missed: a reader adds to its column and then looks at the writer word; a
 * writer sets the writer word and then looks at all columns. Atomics are sequentially consistent,
 * so at least one of two racing sees the other. Both may: then both step back and try again.
 *
 * Fairness: a parked operation has a ticket, and writes it to the stripe that stopped it, unless
 * an older one stands there. Nobody younger (or without a ticket) may take that stripe until the
 * mark is gone. So the oldest parked operation of all is stopped only by locks that are held,
 * and those are held for one commit: every operation gets its turn.
 *
 * Invariant: a stripe with a writer has no readers once tryAcquire returned true to that writer.
 * Invariant: an executor releases only what a sealed LockList of its own acquired.
 */
import { assert, invariant } from '../../base/assert.js';
import { LOCK_SIDE } from '../memory/kernel-constants.js';
import { CONTROL } from '../memory/layout.js';
import { COUNTER } from '../memory/layout-counters.js';
import { sometimes } from '../memory/rare-paths.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { LockList } from './lock-list.js';

/** For an operation that never waited: younger than every ticket. */
export const NO_TICKET = 0;

/** Value of `stoppedBy`: no stripe stopped it. */
export const STOPPED_BY_NONE = -2;

/**
 * The table has two halves. DIRECTORY: inodes of directories and the edges to them, which every
 * operation below reads, and which are written rarely (rename, delete or chmod of a directory).
 * LEAF: files, and names that do not exist, which creates and deletes write all the time. In one
 * table, the write lock of some new file would now and then fall on the stripe of the root, and
 * stop everybody: with 1,600 creates in flight that was most of their latency.
 * Who changes what a name stands for while it is a directory takes both.
 */
export const Side = LOCK_SIDE;
export type Side = (typeof Side)[keyof typeof Side];

/** Far more calls than one executor ever has in progress. */
const READERS_MAX = 2 ** 24;

/**
 * The outcome of trying one stripe. STEPPED_BACK: it was held for a moment, and others saw that.
 */
const Take = { STOPPED: 0, STEPPED_BACK: 1, TAKEN: 2 } as const;
type Take = (typeof Take)[keyof typeof Take];

export class LockTable {
  readonly stripeCount: number;
  /** The stripe that stopped the last tryAcquire: stripe × 2, + 1 if it was wanted for writing. */
  stoppedBy = STOPPED_BY_NONE;
  readonly #shared: SharedMemory;
  readonly #words: Int32Array;
  readonly #owner: number;
  readonly #executorCount: number;
  readonly #writerBase: number;
  readonly #ticketBase: number;
  readonly #columnBase: number;
  readonly #ownColumn: number;
  /** Of this thread, and which of them counts tries that failed. */
  readonly #counters: Float64Array;
  readonly #conflictsAt: number;

  constructor(shared: SharedMemory, executor: number) {
    this.#shared = shared;
    this.#words = shared.i32;
    this.#owner = executor + 1;
    this.#executorCount = shared.fixed(CONTROL.EXECUTOR_COUNT);
    this.stripeCount = shared.fixed(CONTROL.LOCK_STRIPE_COUNT);
    assert(executor >= 0 && executor < this.#executorCount, 'the executor has a column');
    assert((this.stripeCount & (this.stripeCount - 1)) === 0, 'stripes are a power of two');
    this.#writerBase = shared.fixed(CONTROL.LOCK_WRITER_BASE) >> 2;
    this.#ticketBase = shared.fixed(CONTROL.LOCK_TICKET_BASE) >> 2;
    this.#columnBase = shared.fixed(CONTROL.LOCK_COLUMN_BASE) >> 2;
    this.#ownColumn = this.#columnBase + executor * this.stripeCount;
    this.#counters = shared.f64;
    this.#conflictsAt = shared.counterAt(executor, COUNTER.LOCK_CONFLICTS);
  }

  /**
   * Stripe of the edge whose (parent id, name) hashes to `hashLow` (32 bits). A clash of two
   * edges in one stripe costs time, never safety.
   */
  edgeStripe(hashLow: number, side: Side): number {
    return this.#onSide(hashLow ^ (hashLow >>> 15), side);
  }

  /** Stripe of an inode. */
  inodeStripe(id: number, side: Side): number {
    let hash = Math.imul((id >>> 0) ^ (id / 0x1_0000_0000), 0x9e3779b1);
    hash ^= hash >>> 16;
    return this.#onSide(hash ^ (hash >>> 7), side);
  }

  #onSide(hash: number, side: Side): number {
    const half = this.stripeCount >>> 1;
    return (hash & (half - 1)) + side * half;
  }

  /** A fresh ticket, larger than all given out before (modulo 2^32, 0 left out). */
  takeTicket(): number {
    const ticket = this.#shared.add(CONTROL.LOCK_TICKET_NEXT, 1) + 1;
    return ticket >>> 0 === 0 ? this.takeTicket() : ticket >>> 0;
  }

  /**
   * Takes all of a sealed list, or nothing. With a ticket, a failure leaves the ticket's mark on
   * the stripe that stopped it, and success takes the marks away.
   */
  tryAcquire(list: LockList, ticket: number): boolean {
    assert(list.isSealed, 'only a sealed list has its stripes in order');
    for (let i = 0; i < list.count; i++) {
      const stripe = list.stripe(i);
      const write = list.isWrite(i);
      let take = this.#take(stripe, write, ticket);
      if (take !== Take.TAKEN && ticket !== NO_TICKET) {
        this.#mark(stripe, ticket);
        const again = this.#take(stripe, write, ticket);
        if (again !== Take.STOPPED) take = again;
      }
      if (take === Take.TAKEN) continue;
      if (take === Take.STEPPED_BACK) sometimes(this.#shared, this.#owner - 1, 'lockSteppedBack');
      this.stoppedBy = stripe * 2 + (write ? 1 : 0);
      this.#counters[this.#conflictsAt]!++;
      this.#putBack(list, i);
      this.#tellStopped(list, take === Take.STEPPED_BACK ? i + 1 : i, ticket);
      return false;
    }
    if (ticket !== NO_TICKET) this.#unmark(list, ticket);
    this.stoppedBy = STOPPED_BY_NONE;
    return true;
  }

  /**
   * For a parked operation whose last failure was `stoppedBy`: leaves its mark there, as a try
   * would, and says whether that stripe would stop it now. Takes nothing.
   */
  couldTake(stoppedBy: number, ticket: number): boolean {
    const stripe = stoppedBy >> 1;
    assert(stripe >= 0 && stripe < this.stripeCount, 'a stripe has stopped the operation');
    assert(ticket !== NO_TICKET, 'who waits has a ticket');
    // Set before the look, as in tryAcquire, so that a momentary holder notifies the marked call.
    this.#mark(stripe, ticket);
    if (!this.#mayPass(stripe, ticket)) return false;
    if (Atomics.load(this.#words, this.#writerBase + stripe) !== 0) return false;
    return (stoppedBy & 1) === 0 || this.#readers(stripe) === 0;
  }

  /** Gives back all of a list and tells parked executors that something was released. */
  release(list: LockList): void {
    this.#putBack(list, list.count);
    this.#tellParked();
  }

  /** The parked operation with this ticket was given up: its marks stop nobody any more. */
  abandon(list: LockList, ticket: number): void {
    this.#unmark(list, ticket);
    this.#tellParked();
  }

  /**
   * Holds this executor's words against what its calls hold: how often by stripe × 2, + 1 for
   * writing. Dear: every stripe is looked at.
   */
  check(held: ReadonlyMap<number, number>): void {
    let matched = 0;
    for (let stripe = 0; stripe < this.stripeCount; stripe++) {
      const readers = Atomics.load(this.#words, this.#ownColumn + stripe);
      const owner = Atomics.load(this.#words, this.#writerBase + stripe);
      invariant(owner >= 0 && owner <= this.#executorCount, 'a writer is known', stripe, owner);
      const isOwner = owner === this.#owner;
      if (readers === 0 && !isOwner) continue;
      const reads = held.get(stripe * 2) ?? 0;
      const writes = held.get(stripe * 2 + 1) ?? 0;
      invariant(readers === reads, 'what is held for reading is some call’s', stripe, readers);
      invariant(writes === (isOwner ? 1 : 0), 'what is held for writing is one call’s', stripe);
      matched += (reads > 0 ? 1 : 0) + writes;
    }
    invariant(matched === held.size, 'what a call holds stands in the words', held.size, matched);
  }

  /** For reports and tests: readers and writer of one stripe at this moment. */
  inspect(stripe: number): { writer: number | undefined; readers: number; ticket: number } {
    const writer = Atomics.load(this.#words, this.#writerBase + stripe);
    return {
      writer: writer === 0 ? undefined : writer - 1,
      readers: this.#readers(stripe),
      ticket: Atomics.load(this.#words, this.#ticketBase + stripe) >>> 0,
    };
  }

  #tellParked(): void {
    // Read after the stores before it, because a parking call announces itself before its last try.
    if (this.#shared.load(CONTROL.LOCK_PARKED) !== 0) this.#shared.add(CONTROL.LOCK_RELEASES, 1);
  }

  #unmark(list: LockList, ticket: number): void {
    for (let i = 0; i < list.count; i++) {
      Atomics.compareExchange(this.#words, this.#ticketBase + list.stripe(i), ticket | 0, 0);
    }
  }

  #mayPass(stripe: number, ticket: number): boolean {
    const mark = Atomics.load(this.#words, this.#ticketBase + stripe);
    if (mark === 0 || mark === (ticket | 0)) return true;
    return ticket !== NO_TICKET && isOlder(ticket, mark);
  }

  #mark(stripe: number, ticket: number): void {
    const at = this.#ticketBase + stripe;
    for (;;) {
      const mark = Atomics.load(this.#words, at);
      if (mark !== 0 && !isOlder(ticket, mark)) return;
      if (Atomics.compareExchange(this.#words, at, mark, ticket | 0) === mark) return;
    }
  }

  #take(stripe: number, write: boolean, ticket: number): Take {
    if (!this.#mayPass(stripe, ticket)) return Take.STOPPED;
    return write ? this.#takeWrite(stripe) : this.#takeRead(stripe);
  }

  #takeRead(stripe: number): Take {
    // Before the look at the writer word, by the argument in the header.
    const before = Atomics.add(this.#words, this.#ownColumn + stripe, 1);
    invariant(before >= 0 && before < READERS_MAX, 'readers are some', stripe, before);
    if (Atomics.load(this.#words, this.#writerBase + stripe) === 0) return Take.TAKEN;
    Atomics.sub(this.#words, this.#ownColumn + stripe, 1);
    return Take.STEPPED_BACK;
  }

  #takeWrite(stripe: number): Take {
    const at = this.#writerBase + stripe;
    if (Atomics.compareExchange(this.#words, at, 0, this.#owner) !== 0) return Take.STOPPED;
    if (this.#readers(stripe) === 0) return Take.TAKEN;
    Atomics.store(this.#words, at, 0);
    return Take.STEPPED_BACK;
  }

  #readers(stripe: number): number {
    let readers = 0;
    let at = this.#columnBase + stripe;
    for (let executor = 0; executor < this.#executorCount; executor++) {
      readers += Atomics.load(this.#words, at);
      at += this.stripeCount;
    }
    return readers;
  }

  #putBack(list: LockList, count: number): void {
    for (let i = 0; i < count; i++) {
      const stripe = list.stripe(i);
      // The stores return the old values, so checking them is free.
      if (list.isWrite(i)) {
        const owner = Atomics.exchange(this.#words, this.#writerBase + stripe, 0);
        invariant(owner === this.#owner, 'a released write lock is held', stripe, owner);
      } else {
        const readers = Atomics.sub(this.#words, this.#ownColumn + stripe, 1);
        invariant(readers > 0, 'a released read lock is held', stripe, readers);
      }
    }
  }

  /** The first `count` stripes were held for a moment; calls that this stopped try again. */
  #tellStopped(list: LockList, count: number, ticket: number): void {
    let told = false;
    for (let i = 0; i < count; i++) {
      const at = this.#ticketBase + list.stripe(i);
      // Read after the stripe was put back: a call that marks it after this look then tries it
      // again.
      const mark = Atomics.load(this.#words, at);
      if (mark === 0 || mark === (ticket | 0)) continue;
      if (Atomics.compareExchange(this.#words, at, mark, 0) === mark) told = true;
    }
    if (told) this.#shared.add(CONTROL.LOCK_RELEASES, 1);
  }
}

/** Tickets wrap around; compared tickets are never 2^31 apart. */
export function isOlder(ticket: number, other: number): boolean {
  return ((ticket - other) | 0) < 0;
}
