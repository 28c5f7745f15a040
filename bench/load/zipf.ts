/**
 * Ranks 0 … count - 1 of which rank k comes up with a probability proportional to 1 / (k + 1)^s:
 * few are asked for often. By rejection-inversion (Hörmann and Derflinger 1996): no table, however
 * many there are. Which file has which rank is the caller's business.
 */
import type { Random } from './random.js';

const UNIT = 2 ** 32;

export class Zipf {
  readonly #random: Random;
  readonly #count: number;
  readonly #exponent: number;
  readonly #first: number;
  readonly #last: number;
  readonly #shortcut: number;

  constructor(count: number, exponent: number, random: Random) {
    this.#random = random;
    this.#count = count;
    this.#exponent = exponent;
    this.#first = this.#integral(1.5) - 1;
    this.#last = this.#integral(count + 0.5);
    this.#shortcut = 2 - this.#inverse(this.#integral(2.5) - this.#density(2));
  }

  rank(): number {
    for (;;) {
      const share = this.#random.below(UNIT) / UNIT;
      const u = this.#last + share * (this.#first - this.#last);
      const x = this.#inverse(u);
      const k = Math.min(this.#count, Math.max(1, Math.round(x)));
      if (k - x <= this.#shortcut || u >= this.#integral(k + 0.5) - this.#density(k)) return k - 1;
    }
  }

  #density(x: number): number {
    return x ** -this.#exponent;
  }

  /** Of the density from 1 to x. */
  #integral(x: number): number {
    const rest = 1 - this.#exponent;
    return rest === 0 ? Math.log(x) : (x ** rest - 1) / rest;
  }

  #inverse(area: number): number {
    const rest = 1 - this.#exponent;
    return rest === 0 ? Math.exp(area) : (1 + area * rest) ** (1 / rest);
  }
}
