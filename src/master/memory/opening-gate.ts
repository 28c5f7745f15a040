/**
 * One thread at a time opens LMDB: its tables of one environment may not be opened by two at once,
 * and node aborts the process over a thread that is ended meanwhile, since then an error of LMDB's
 * binding has nobody to be thrown to. So whoever ends threads closes the gate first.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTROL, CONTROL_BASE } from './layout.js';
import type { SharedMemory } from './shared-memory.js';

const FREE = 0;
/** Bits of the word. */
const TAKEN = 1;
const CLOSED = 2;
const WORD = (CONTROL_BASE + CONTROL.OPENING) >> 2;
const POLL_MS = 2;

export class OpeningGate {
  readonly #words: Int32Array;

  constructor({ i32 }: SharedMemory) {
    this.#words = i32;
  }

  /** Blocks the thread until no other one is within; throws when the gate is closed. */
  enter(): void {
    for (;;) {
      const was = Atomics.compareExchange(this.#words, WORD, FREE, TAKEN);
      if (was === FREE) return;
      if ((was & CLOSED) !== 0) throw new Error('the process ends: nobody opens tier 2 any more');
      Atomics.wait(this.#words, WORD, was);
    }
  }

  leave(): void {
    Atomics.and(this.#words, WORD, ~TAKEN);
    Atomics.notify(this.#words, WORD, 1);
  }

  /** For good. False: somebody is still within after the time. */
  async close(withinMs: number): Promise<boolean> {
    Atomics.or(this.#words, WORD, CLOSED);
    Atomics.notify(this.#words, WORD);
    const until = performance.now() + withinMs;
    while ((Atomics.load(this.#words, WORD) & TAKEN) !== 0) {
      if (performance.now() > until) return false;
      await sleep(POLL_MS);
    }
    return true;
  }
}
