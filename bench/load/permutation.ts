/**
 * Every index below `size` once, in an order that looks random, without a table: a Feistel network
 * over the next even power of two, walked on while the result lies outside.
 */
const ROUNDS = 4;
const MULTIPLIER = 0x9e37_79b1;

export class Permutation {
  readonly #size: number;
  readonly #seed: number;
  readonly #halfBits: number;
  readonly #mask: number;

  constructor(size: number, seed: number) {
    this.#size = size;
    this.#seed = seed | 0;
    this.#halfBits = Math.max(1, Math.ceil(Math.log2(Math.max(2, size)) / 2));
    this.#mask = 2 ** this.#halfBits - 1;
  }

  at(index: number): number {
    let value = index;
    do value = this.#once(value);
    while (value >= this.#size);
    return value;
  }

  #once(value: number): number {
    let left = value >>> this.#halfBits;
    let right = value & this.#mask;
    for (let round = 0; round < ROUNDS; round++) {
      const mixed = Math.imul(right + this.#seed + round, MULTIPLIER);
      const next = left ^ ((mixed ^ (mixed >>> 15)) & this.#mask);
      left = right;
      right = next;
    }
    return ((left << this.#halfBits) | right) >>> 0;
  }
}
