/**
 * The calls of one executor that wait for locks: a queue for each stripe that stopped calls, sorted
 * by ticket. A release looks at the first of each queue, and starts no call that the same stripe
 * would stop again. So a release costs the same however many calls wait for one stripe. When each
 * release tried all of them, 20,000 changes of one file ran at 21 a second.
 *
 * Only the first of a queue marks its stripe. It is the oldest there, so its mark would win anyway,
 * and the calls after it could not pass that mark.
 *
 * Invariant: `size` is the number of calls in all queues, and no queue is empty.
 */
import { assert } from '../../base/assert.js';
import { isOlder, type LockTable, NO_TICKET, STOPPED_BY_NONE } from '../lock/lock-table.js';
import type { Mutation } from './call.js';
import { Heap } from './heap.js';

type Queue = Heap<Mutation>;

const NO_STRIPE = STOPPED_BY_NONE >> 1;
const isFirst = (one: Mutation, other: Mutation): boolean => isOlder(one.ticket, other.ticket);

export class LockWaiters implements Iterable<Mutation> {
  readonly #locks: LockTable;
  readonly #queues = new Map<number, Queue>();
  #size = 0;

  constructor(locks: LockTable) {
    this.#locks = locks;
  }

  get size(): number {
    return this.#size;
  }

  /** Adds it to the queue of `call.stoppedBy`. */
  add(call: Mutation): void {
    assert(call.ticket !== NO_TICKET, 'who waits has a ticket');
    const stripe = call.stoppedBy >> 1;
    let queue = this.#queues.get(stripe);
    if (queue === undefined) {
      queue = new Heap<Mutation>(isFirst);
      this.#queues.set(stripe, queue);
    }
    queue.push(call);
    this.#size++;
  }

  /** Runs the calls that nothing known stops now; among different stripes the oldest first. */
  retry(run: (call: Mutation) => void): void {
    const ready: Queue[] = [];
    for (const [stripe, queue] of this.#queues) {
      if (queue.size === 0) this.#queues.delete(stripe);
      else if (this.#mayGo(queue.peek()!)) ready.push(queue);
    }
    ready.sort((one, other) => (isFirst(one.peek()!, other.peek()!) ? -1 : 1));
    for (const queue of ready) this.#retryQueue(queue, run);
  }

  removeIf(matches: (call: Mutation) => boolean): Mutation[] {
    const removed = [...this.#queues.values()].flatMap((queue) => queue.removeIf(matches));
    this.#size -= removed.length;
    return removed;
  }

  *[Symbol.iterator](): Iterator<Mutation> {
    for (const queue of this.#queues.values()) yield* queue;
  }

  #retryQueue(queue: Queue, run: (call: Mutation) => void): void {
    for (let left = queue.size; left > 0; left--) {
      const first = queue.peek()!;
      if (!this.#mayGo(first)) return;
      queue.pop();
      this.#size--;
      assert(this.#size >= 0, 'who goes was counted');
      run(first);
      // Stopped by the same stripe: another call was quicker.
      if (queue.peek() === first) return;
    }
  }

  #mayGo(call: Mutation): boolean {
    if (call.cancelled || call.stoppedBy >> 1 === NO_STRIPE) return true;
    return this.#locks.couldTake(call.stoppedBy, call.ticket);
  }
}
