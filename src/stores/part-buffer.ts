/**
 * Bytes of one part of an upload. Grows by doubling up to its limit, so that a small file costs
 * little, and is used again for the next part.
 *
 * Invariant: used <= buffer length <= limit. What bytes() gave is overwritten after clear().
 */
import { assert } from '../base/assert.js';

const FIRST_BYTES = 64 * 1024;

export class PartBuffer {
  readonly #limit: number;
  #buffer: Buffer;
  #used = 0;

  constructor(limit: number) {
    assert(limit >= 1, 'a part holds at least a byte');
    this.#limit = limit;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(FIRST_BYTES, limit));
  }

  get isFull(): boolean {
    return this.#used === this.#limit;
  }

  /** Bytes taken from the beginning of the chunk; fewer than it has when the part is full. */
  append(chunk: Uint8Array): number {
    const taken = Math.min(chunk.length, this.#limit - this.#used);
    this.#reserve(this.#used + taken);
    this.#buffer.set(chunk.subarray(0, taken), this.#used);
    this.#used += taken;
    return taken;
  }

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  clear(): void {
    this.#used = 0;
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const capacity = Math.min(this.#limit, Math.max(length, 2 * this.#buffer.length));
    const larger = Buffer.allocUnsafeSlow(capacity);
    larger.set(this.bytes());
    this.#buffer = larger;
  }
}
