/**
 * The rows that the kernel's copyDirty() left in the arena (assembly/tier-flush.ts draws them), in
 * order, with one copy of their keys and values.
 */

import { readU64 } from '../../base/word64.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

const ROW_BYTES = 32;
const AT = { SLOT: 0, KEY: 12, KEY_BYTES: 16, VALUE_BYTES: 20, ID: 24 } as const;
/** In a stored value (assembly/codec.ts): where its presence bits begin, and the bit of the ttl. */
const VALUE_PRESENCE = 1;
const PRESENT_TTL = 1 << 4;

export class FlushRows {
  readonly #shared: SharedMemory;
  readonly #arena: number;
  /** Grows to the size of the largest flush, and stays: fresh memory costs a page fault a page. */
  #bytes = Buffer.alloc(0);
  /** The same bytes, without the extra cost of a Buffer's views. */
  #plain: Uint8Array = this.#bytes;
  /** Address of the beginning of the bytes. */
  #origin = 0;

  constructor(shared: SharedMemory) {
    this.#shared = shared;
    this.#arena = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
  }

  /** What keyAt() counts in: LMDB's binding takes no views of shared buffers as values. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Copies the keys and values of so many rows, which stands until the next call. */
  take(count: number): void {
    let first = Number.POSITIVE_INFINITY;
    let end = 0;
    for (let row = 0; row < count; row++) {
      const at = this.#word(row, AT.KEY);
      first = Math.min(first, at);
      end = Math.max(end, at + this.keyBytes(row) + this.valueBytes(row));
    }
    if (end - first > this.#bytes.length) {
      this.#bytes = Buffer.from(new ArrayBuffer(end - first));
      this.#plain = new Uint8Array(this.#bytes.buffer);
    }
    this.#bytes.set(this.#shared.u8.subarray(first, end));
    this.#origin = first;
  }

  /** Address of its slot in tier 1. */
  slotAt(row: number): number {
    return this.#word(row, AT.SLOT);
  }

  id(row: number): number {
    return readU64(this.#shared.view, this.#arena + row * ROW_BYTES + AT.ID);
  }

  keyAt(row: number): number {
    return this.#word(row, AT.KEY) - this.#origin;
  }

  keyBytes(row: number): number {
    return this.#word(row, AT.KEY_BYTES);
  }

  /** The value stands behind its key; 0: the key is to be removed. */
  valueBytes(row: number): number {
    return this.#word(row, AT.VALUE_BYTES);
  }

  key(row: number): Uint8Array {
    const at = this.keyAt(row);
    return this.#plain.subarray(at, at + this.keyBytes(row));
  }

  hasTtl(row: number): boolean {
    const presence = this.#bytes[this.keyAt(row) + this.keyBytes(row) + VALUE_PRESENCE]!;
    return (presence & PRESENT_TTL) !== 0;
  }

  #word(row: number, field: number): number {
    return this.#shared.view.getUint32(this.#arena + row * ROW_BYTES + field, true);
  }
}
