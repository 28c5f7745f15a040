/**
 * Marsaglia's xorshift32: a seed gives the same draws on every machine. Good enough to spread
 * look-ups,
 * cheap enough not to be seen beside them.
 */
const SEED_IF_ZERO = 0x9e37_79b9;

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || SEED_IF_ZERO;
  }

  /** 0 … end - 1. */
  below(end: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % end;
  }
}
