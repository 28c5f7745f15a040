/**
 * The times of calls in an open loop, whatever happens to earlier calls: evenly spaced, or a
 * Poisson process, at a rate. Latencies count from these times, so a stall counts for every call
 * that had to wait (no coordinated omission).
 */
import type { Random } from './random.js';

export type Arrivals = 'even' | 'poisson';

const SECOND_MS = 1000;
const UNIT = 2 ** 32;

export class Pacer {
  nextMs: number;
  readonly #gapMs: number;
  readonly #random: Random | undefined;

  constructor(beginMs: number, perSecond: number, random: Random | undefined) {
    this.nextMs = beginMs;
    this.#gapMs = SECOND_MS / perSecond;
    this.#random = random;
  }

  advance(): void {
    if (this.#random === undefined) this.nextMs += this.#gapMs;
    else this.nextMs -= Math.log((this.#random.below(UNIT - 1) + 1) / UNIT) * this.#gapMs;
  }
}
