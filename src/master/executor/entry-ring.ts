/**
 * The ring of one executor to the writer thread: one producer, one consumer, entries of the
 * journal's own format, contiguous. Positions count bytes ever written, modulo 2^32.
 *
 *        freed            RING_TAIL                    head
 *   ───────┬──────────────────┬──────────────────────────┬──────────────
 *          │ applied, not yet │ the writer takes these   │ free …
 *          │ completed here   │                          │
 *   ───────┴──────────────────┴──────────────────────────┴──────────────
 *
 * An entry stays readable (with the seq that the writer sealed into it) until its completion has
 * been handled here, because replies are made from it.
 *
 * The kernels that do whole writes (assembly/entry.ts) put entries here too, so both positions
 * stand in the executor's block.
 *
 * Invariant: head - freed <= ring bytes. Entries never straddle the end: a skip fills it up.
 */

import { assert, invariant } from '../../base/assert.js';
import { EntryWriter } from '../journal/entry.js';
import { ENTRY_CRC, ENTRY_LENGTH, RING_SKIP } from '../memory/entry-format.js';
import { CONTROL, EXECUTOR, WRITE } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

export class EntryRing {
  readonly entry: EntryWriter;
  readonly #shared: SharedMemory;
  readonly #base: number;
  readonly #bytes: number;
  readonly #headWord: number;
  readonly #freedAt: number;
  /** Where the entry that is being built begins, as a position. */
  #open = 0;

  constructor(shared: SharedMemory, executor: number) {
    this.#shared = shared;
    this.#bytes = shared.fixed(CONTROL.RING_BYTES);
    assert((this.#bytes & (this.#bytes - 1)) === 0, 'positions are masked: a power of two');
    this.#base = shared.fixed(CONTROL.RING_BASE) + executor * this.#bytes;
    this.#headWord = (shared.executorBase(executor) + EXECUTOR.RING_HEAD) >> 2;
    this.entry = new EntryWriter(shared.u8);
    this.#freedAt = shared.executorBase(executor) + EXECUTOR.WRITE + WRITE.FREED;
    // A thread that takes over a claimed executor goes on where the previous one stopped.
    shared.view.setUint32(this.#freedAt, this.#head, true);
  }

  /** Begins an entry of at most `room` bytes; false when the ring has no room for it now. */
  begin(timeMs: number, clientId: number, callId: number, op: number, room: number): boolean {
    assert(room <= this.#bytes, 'an entry fits its ring');
    const head = this.#head;
    const offset = head & (this.#bytes - 1);
    const tail = this.#bytes - offset;
    const skip = tail < room ? tail : 0;
    const freed = this.#shared.view.getUint32(this.#freedAt, true);
    if (((head - freed) >>> 0) + skip + room > this.#bytes) return false;
    if (skip > 0) {
      this.#shared.view.setUint32(this.#base + offset + ENTRY_CRC, RING_SKIP, true);
      this.#shared.view.setUint32(this.#base + offset + ENTRY_LENGTH, skip, true);
    }
    this.#open = (head + skip) >>> 0;
    this.entry.begin(this.#offset(this.#open), timeMs, clientId, callId, op, room);
    return true;
  }

  /** Ends the entry and shows it to the writer. Returns its position. */
  publish(): number {
    const length = this.entry.finish();
    assert(length % 8 === 0, 'entries of a ring are aligned');
    // The bytes of the entry are plain stores: this store makes them visible before the new head.
    Atomics.store(this.#shared.i32, this.#headWord, (this.#open + length) | 0);
    return this.#open;
  }

  /** Byte offset, in shared memory, of the entry at a position. */
  offsetOf(position: number): number {
    return this.#offset(position);
  }

  /** The entry at `position` has been completed: everything up to its end may be overwritten. */
  free(position: number): void {
    const length = this.#shared.view.getUint32(this.#offset(position) + ENTRY_LENGTH, true);
    const freed = this.#shared.view.getUint32(this.#freedAt, true);
    const isWritten = (position + length - freed) >>> 0 <= (this.#head - freed) >>> 0;
    invariant(isWritten, 'only what is in the ring is freed', position, length);
    this.#shared.view.setUint32(this.#freedAt, (position + length) >>> 0, true);
  }

  get #head(): number {
    return Atomics.load(this.#shared.i32, this.#headWord) >>> 0;
  }

  #offset(position: number): number {
    return this.#base + (position & (this.#bytes - 1));
  }
}
