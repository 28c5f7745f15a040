/**
 * Start times and durations of calls, with two reads of the clock for each turn of the event loop
 * instead of two for each call. One read costs a tenth of a GetStatus.
 *
 * A turn begins with the first now(). All its calls have begun by then, because they already stood
 * in the sockets. Calls answered within the turn are counted together, after every PART of them and
 * at its end, with the time since it began. So a duration is never too short, and too long by at
 * most the time of PART calls.
 */
import type { CallCounters } from '../wire/call-counters.js';

const PART = 32;

export class TurnClock {
  readonly #counters: CallCounters;
  readonly #read: () => number;
  #began = 0;
  #isRunning = false;
  /** Answered in this turn and not counted yet, by operation; and which operations those are. */
  readonly #answered = new Uint32Array(256);
  readonly #operations: number[] = [];
  #count = 0;
  readonly #endTurn = (): void => {
    this.#isRunning = false;
    this.#countAnswered();
  };

  /** `read` is in milliseconds. */
  constructor(counters: CallCounters, read: () => number = () => performance.now()) {
    this.#counters = counters;
    this.#read = read;
  }

  /** When the turn began. */
  now(): number {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#began = this.#read();
      setImmediate(this.#endTurn);
    }
    return this.#began;
  }

  /** A call that began at a now() has been answered. */
  answered(operation: number, began: number): void {
    const now = this.now();
    if (began !== now) {
      this.#counters.took(operation, now - began);
      return;
    }
    if (this.#answered[operation]!++ === 0) this.#operations.push(operation);
    if (++this.#count === PART) this.#countAnswered();
  }

  #countAnswered(): void {
    if (this.#count === 0) return;
    const ms = this.#read() - this.#began;
    for (const operation of this.#operations) {
      this.#counters.took(operation, ms, this.#answered[operation]!);
      this.#answered[operation] = 0;
    }
    this.#operations.length = 0;
    this.#count = 0;
  }
}
