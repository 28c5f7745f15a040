/**
 * Files that this thread knows to exist and may change, because their create or rename was
 * acknowledged. First in, first out. Each entry is taken by one call at a time, so no two calls
 * meet.
 *
 *   entry = index × 2 + 1 if it has been renamed
 */
const CAPACITY_MIN = 1024;

export class FilePool {
  #ring = new Int32Array(CAPACITY_MIN);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  put(entry: number): void {
    if (this.#size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#size) & (this.#ring.length - 1)] = entry;
    this.#size++;
  }

  /** -1 = there is none. */
  take(): number {
    if (this.#size === 0) return -1;
    const entry = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#size--;
    return entry;
  }

  /** One of the `newest` last ones, which stays; -1 = there is none. */
  peekRecent(age: number): number {
    if (this.#size === 0) return -1;
    const at = this.#size - 1 - (age % this.#size);
    return this.#ring[(this.#head + at) & (this.#ring.length - 1)]!;
  }

  #grow(): void {
    const larger = new Int32Array(this.#ring.length * 2);
    for (let i = 0; i < this.#size; i++) {
      larger[i] = this.#ring[(this.#head + i) & (this.#ring.length - 1)]!;
    }
    this.#ring = larger;
    this.#head = 0;
  }
}
