/**
 * The time by which things expire: a wall clock that jumps ahead is believed only after it has
 * stood for a while, since what a wrong clock purges is gone for good. A start is a jump, too.
 *
 *   wall clock       ───────────┌──────┐──────────────┌───────────────────
 *   believed         ─────────────────────────────────────────────┌───────
 *                               │ wrong for seconds   │◀─ settle ─▶│
 *
 * Back is believed at once: what expires later than it might is not lost. Drift (a clock that is
 * being slewed) is followed. Pure: both clocks are given.
 */

/** Between two looks, a clock that is slewed or a busy machine moves it by less. */
const DRIFT_MS_MAX = 1000;

export class BelievedClock {
  readonly #settleMs: number;
  readonly #wall: () => number;
  readonly #steady: () => number;
  /** Wall clock less steady clock, as it was last seen, and since when it is so. */
  #seen: number;
  #since: number;
  #believed: number | undefined;

  constructor(settleMs: number, wall = Date.now, steady = (): number => performance.now()) {
    this.#settleMs = settleMs;
    this.#wall = wall;
    this.#steady = steady;
    this.#since = steady();
    this.#seen = wall() - this.#since;
  }

  /** To be asked often: a jump is noticed by a look. Undefined: no time is believed yet. */
  now(): number | undefined {
    const steady = this.#steady();
    const offset = this.#wall() - steady;
    if (Math.abs(offset - this.#seen) > DRIFT_MS_MAX) this.#since = steady;
    this.#seen = offset;
    const isSettled = steady - this.#since >= this.#settleMs;
    if (isSettled || (this.#believed !== undefined && offset < this.#believed)) {
      this.#believed = offset;
    }
    return this.#believed === undefined ? undefined : steady + this.#believed;
  }
}
