/**
 * What an executor checks of itself with ORCHARD_INVARIANTS, between its turns:
 *
 *   scratch    overwritten after every call, so that whoever goes by what an earlier call has left
 *              there meets nonsense (an address beyond the memory, a depth beyond all paths)
 *   locks      what the lock words say is held is what its committing calls hold: no more, which
 *              would be a lock that nobody gives back, and no less
 *   ring       freed, taken and written positions are in order, and none ever goes back
 *
 * Invariant: none of this runs while a call of the executor does.
 */
import { invariant } from '../../base/assert.js';
import type { LockTable } from '../lock/lock-table.js';
import { CONTROL, EXECUTOR, WRITE } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import type { EntryRing } from './entry-ring.js';

/** Read as a word, it is an offset beyond the largest memory, and no plausible count. */
const PATTERN = 0xdb;
/** Of the request and the reply: what a frame of the usual size takes. */
const FRAME_PART = 4096;
/** The minimal time between two checks of all lock words. */
const LOCKS_EVERY_MS = 50;

/** Of an executor. */
type Subject = {
  readonly shared: SharedMemory;
  readonly base: number;
  readonly locks: LockTable;
  readonly ring: EntryRing;
};

/** A call that commits. */
export interface Holder {
  /** What it holds, as words of a lock list. */
  lockWords(shared: SharedMemory, ring: EntryRing): Iterable<number>;
}

export class TurnChecks {
  readonly #executor: Subject;
  readonly #ringBytes: number;
  #freed: number;
  #tail: number;
  #head: number;
  #locksAt = 0;

  constructor(executor: Subject) {
    this.#executor = executor;
    this.#ringBytes = executor.shared.fixed(CONTROL.RING_BYTES);
    [this.#freed, this.#tail, this.#head] = this.#positions();
  }

  /** A call has run, or a request was served: its scratch is no longer needed. */
  afterCall(): void {
    const { shared, base } = this.#executor;
    const { u8 } = shared;
    u8.fill(PATTERN, base + EXECUTOR.WALK_A, base + EXECUTOR.APPLY);
    for (const frame of [EXECUTOR.REQUEST, EXECUTOR.REPLY, EXECUTOR.CHANGES]) {
      u8.fill(PATTERN, base + frame, base + frame + FRAME_PART);
    }
  }

  afterTurn(committing: Iterable<Holder>): void {
    this.#checkRing();
    const now = performance.now();
    if (now - this.#locksAt < LOCKS_EVERY_MS) return;
    this.#locksAt = now;
    this.checkLocks(committing);
  }

  checkLocks(committing: Iterable<Holder>): void {
    const held = new Map<number, number>();
    const { shared, ring, locks } = this.#executor;
    for (const call of committing) {
      for (const word of call.lockWords(shared, ring)) held.set(word, (held.get(word) ?? 0) + 1);
    }
    locks.check(held);
  }

  #checkRing(): void {
    const [freed, tail, head] = this.#positions();
    const bytes = this.#ringBytes;
    const [used, taken] = [(head - freed) >>> 0, (tail - freed) >>> 0];
    invariant(used <= bytes, 'a ring holds no more than its bytes', freed, head);
    invariant(taken <= used, 'the writer takes only what is written', tail, head);
    invariant((freed - this.#freed) >>> 0 <= bytes, 'what is freed stays free', freed, this.#freed);
    invariant((tail - this.#tail) >>> 0 < 2 ** 31, 'the writer does not go back', tail, this.#tail);
    invariant((head - this.#head) >>> 0 < 2 ** 31, 'what is written stays', head, this.#head);
    [this.#freed, this.#tail, this.#head] = [freed, tail, head];
  }

  /** Freed, taken by the writer, written. The writer moves on meanwhile, but never beyond. */
  #positions(): [freed: number, tail: number, head: number] {
    const { shared, base } = this.#executor;
    const tail = Atomics.load(shared.i32, (base + EXECUTOR.RING_TAIL) >> 2) >>> 0;
    const head = Atomics.load(shared.i32, (base + EXECUTOR.RING_HEAD) >> 2) >>> 0;
    return [shared.view.getUint32(base + EXECUTOR.WRITE + WRITE.FREED, true), tail, head];
  }
}
