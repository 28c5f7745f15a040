/**
 * The time by which things expire. A wall clock that jumps ahead is believed only after it has been
 * steady for a while, because a purge by a wrong clock cannot be undone. A start counts as a jump.
 *
 *   wall clock       ───────────┌──────┐──────────────┌───────────────────
 *   believed         ─────────────────────────────────────────────┌───────
 *                               │ wrong for seconds   │◀─ settle ─▶│
 *
 * A jump back is believed at once: late expiry loses nothing. Drift (a slewed clock) is followed.
 * Pure: both clocks are arguments.
 */

/** Between two looks a slewed clock, or a busy machine, moves it by less than this. */
const DRIFT_MS_MAX = 1000;

export class BelievedClock {
  readonly #settleMs: number;
  readonly #wall: () => number;
  readonly #steady: () => number;
  /** Wall clock minus steady clock, as last seen, and the time since which it is so. */
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

  /** Ask it often: only a look notices a jump. Undefined: no time is believed yet. */
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
