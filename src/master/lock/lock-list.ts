/**
 * The locks that one operation needs: stripes, each for reading or writing, sorted and without
 * duplicates. Two keys may hash to one stripe, and a path may name one lock twice. A stripe that is
 * wanted both ways is wanted for writing. Pure.
 *
 *    31 … 1     0
 *  ┌─────────┬───────┐
 *  │ stripe  │ write │   sorting these numbers sorts by stripe, readers first
 *  └─────────┴───────┘
 *
 * Invariant: after seal() stripes strictly ascend.
 */
import { assert } from '../../base/assert.js';

export class LockList {
  #words: Int32Array;
  #count = 0;
  #sealed = false;

  constructor(capacity = 32) {
    this.#words = new Int32Array(capacity);
  }

  get count(): number {
    return this.#count;
  }

  get isSealed(): boolean {
    return this.#sealed;
  }

  clear(): void {
    this.#count = 0;
    this.#sealed = false;
  }

  add(stripe: number, write: boolean): void {
    assert(!this.#sealed, 'a sealed lock list does not grow');
    if (this.#count === this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[this.#count++] = (stripe << 1) | (write ? 1 : 0);
  }

  /** Sorts and merges; the list is read only from here on. */
  seal(): void {
    const words = this.#words;
    const count = this.#count;
    if (count > 24) words.subarray(0, count).sort();
    else insertionSort(words, count);
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const word = words[i]!;
      // Readers sort first, so a later word of the same stripe can only be stronger.
      if (kept > 0 && words[kept - 1]! >> 1 === word >> 1) words[kept - 1] = word;
      else words[kept++] = word;
    }
    this.#count = kept;
    this.#sealed = true;
  }

  stripe(index: number): number {
    return this.#words[index]! >> 1;
  }

  isWrite(index: number): boolean {
    return (this.#words[index]! & 1) === 1;
  }

  equals(other: LockList): boolean {
    if (other.#count !== this.#count) return false;
    for (let i = 0; i < this.#count; i++) {
      if (this.#words[i] !== other.#words[i]) return false;
    }
    return true;
  }

  copyFrom(other: LockList): void {
    if (this.#words.length < other.#count) this.#words = new Int32Array(other.#words.length);
    for (let i = 0; i < other.#count; i++) this.#words[i] = other.#words[i]!;
    this.#count = other.#count;
    this.#sealed = other.#sealed;
  }
}

/** Lock lists have some ten words: cheaper here than the typed array's own sort. */
function insertionSort(words: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const word = words[i]!;
    let j = i - 1;
    while (j >= 0 && words[j]! > word) {
      words[j + 1] = words[j]!;
      j--;
    }
    words[j + 1] = word;
  }
}
