/**
 * The next index that nobody has taken, over all threads of the generator: a range is gone through
 * once, whoever goes through it.
 */
export class SharedCursor {
  readonly #word: Int32Array;

  constructor(buffer: SharedArrayBuffer) {
    this.#word = new Int32Array(buffer);
  }

  static buffer(first: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    new Int32Array(buffer)[0] = first;
    return buffer;
  }

  /** The first of `count` indexes; -1 = they would reach beyond the end. */
  take(count: number, end: number): number {
    const first = Atomics.add(this.#word, 0, count);
    if (first + count <= end) return first;
    Atomics.sub(this.#word, 0, count);
    return -1;
  }

  get next(): number {
    return Atomics.load(this.#word, 0);
  }
}
