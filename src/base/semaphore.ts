/**
 * A counting semaphore with a bounded queue, first come first served. One thread, no shared memory.
 *
 * Invariant: 0 <= held <= permitCountMax, waiters <= waiterCountMax.
 * Invariant: nobody waits while a permit is free.
 */
import { assert } from './assert.js';
import { Code, StatusError } from './status.js';

export type Release = () => void;

/** What a caller beyond the queue is told to wait before it asks again. */
const RETRY_AFTER_MS = 200;

export type SemaphoreOptions = {
  readonly permitCountMax: number;
  readonly waiterCountMax: number;
  /** What a caller beyond the queue is told. */
  readonly refusal?: () => StatusError;
};

export class Semaphore {
  readonly #permitCountMax: number;
  readonly #waiterCountMax: number;
  readonly #refusal: () => StatusError;
  /** A Set keeps the order of arrival and lets a waiter leave from the middle. */
  readonly #waiters = new Set<() => void>();
  #held = 0;

  constructor(options: SemaphoreOptions) {
    assert(options.permitCountMax >= 1, 'a semaphore needs a permit');
    this.#permitCountMax = options.permitCountMax;
    this.#waiterCountMax = options.waiterCountMax;
    this.#refusal = options.refusal ?? tooManyWait;
  }

  get held(): number {
    return this.#held;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** The permit's release, to be called once. A signal that aborts makes the waiter leave. */
  async acquire(signal: AbortSignal): Promise<Release> {
    signal.throwIfAborted();
    if (this.#held < this.#permitCountMax) {
      this.#held++;
      return this.#releaseOnce();
    }
    if (this.#waiters.size >= this.#waiterCountMax) throw this.#refusal();
    await this.#wait(signal);
    return this.#releaseOnce();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const granted = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiters.delete(granted);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#waiters.add(granted);
    });
  }

  /** Hands the permit to the first waiter, so that held does not change then. */
  #releaseOnce(): Release {
    let released = false;
    return () => {
      assert(!released, 'a permit is released once');
      released = true;
      const [first] = this.#waiters;
      if (first === undefined) {
        this.#held--;
      } else {
        this.#waiters.delete(first);
        first();
      }
    };
  }
}

const tooManyWait = (): StatusError =>
  new StatusError(Code.RESOURCE_EXHAUSTED, 'Too many calls are waiting.', {
    hint: 'Try again later.',
    retryAfterMs: RETRY_AFTER_MS,
  });
