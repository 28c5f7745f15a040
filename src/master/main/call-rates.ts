/** Recent calls a second, by operation: the count since a look of some seconds ago. */
import type { CallCounters } from '../../wire/call-counters.js';

const LOOK_MS = 10_000;

type Look = { readonly atMs: number; readonly calls: ReadonlyMap<string, number> };

export class CallRates {
  readonly #read: () => CallCounters;
  #older: Look;
  #newer: Look;
  #timer: NodeJS.Timeout | undefined;

  constructor(read: () => CallCounters) {
    this.#read = read;
    this.#older = this.#look();
    this.#newer = this.#older;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#older = this.#newer;
      this.#newer = this.#look();
    }, LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Over the last ten to twenty seconds; less at the start of the process. */
  now(): ReadonlyMap<string, number> {
    const { atMs, calls } = this.#look();
    const seconds = Math.max(1, atMs - this.#older.atMs) / 1000;
    const rates = new Map<string, number>();
    for (const [operation, count] of calls) {
      rates.set(operation, (count - (this.#older.calls.get(operation) ?? 0)) / seconds);
    }
    return rates;
  }

  #look(): Look {
    const calls = new Map<string, number>();
    for (const { operation, count } of this.#read().callCounts()) {
      calls.set(operation, (calls.get(operation) ?? 0) + count);
    }
    return { atMs: performance.now(), calls };
  }
}
