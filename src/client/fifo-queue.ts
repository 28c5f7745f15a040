/**
 * A queue whose front costs the same at any length: an array with a moving head, cut when half of
 * it lies before the head.
 */
export class FifoQueue<T> {
  #items: T[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** These come first, in their order. */
  unshift(items: readonly T[]): void {
    if (items.length > 0) this.#items = [...items, ...this.clear()];
  }

  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head]!;
    this.#head += 1;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  removeIf(unwanted: (item: T) => boolean): void {
    this.#items = this.clear().filter((item) => !unwanted(item));
  }

  /** Empties the queue and gives what was in it. */
  clear(): T[] {
    const items = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let index = this.#head; index < this.#items.length; index++) yield this.#items[index]!;
  }
}
