/**
 * The rows that the kernel's copyDirty() has left in the arena (assembly/tier-flush.ts draws them),
 * in their order, with one copy of their keys and values. Floor 3.
 */
import { CONTROL } from '../base/layout.js';
import { readU64 } from '../base/word64.js';
import type { SharedMemory } from '../kernel/shared-memory.js';

const ROW_BYTES = 32;
const AT = { SLOT: 0, KEY: 12, KEY_BYTES: 16, VALUE_BYTES: 20, ID: 24 } as const;
/** Of a stored value (assembly/codec.ts): where its presence bits begin, and the one of the ttl. */
const VALUE_PRESENCE = 1;
const PRESENT_TTL = 1 << 4;

export class FlushRows {
  readonly count: number;
  /** What keyAt() counts in: LMDB's binding takes no views of shared buffers as values. */
  readonly bytes: Buffer;
  readonly #rows: DataView;
  readonly #arena: number;

  constructor(shared: SharedMemory, count: number) {
    this.count = count;
    this.#arena = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
    this.#rows = new DataView(shared.memory.buffer, this.#arena, count * ROW_BYTES);
    let end = 0;
    for (let row = 0; row < count; row++) end = Math.max(end, this.#endOf(row));
    this.bytes = Buffer.from(shared.u8.slice(this.#arena, this.#arena + end).buffer);
  }

  /** Address of its slot in tier 1. */
  slotAt(row: number): number {
    return this.#word(row, AT.SLOT);
  }

  id(row: number): number {
    return readU64(this.#rows, row * ROW_BYTES + AT.ID);
  }

  keyAt(row: number): number {
    return this.#word(row, AT.KEY) - this.#arena;
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
    return this.bytes.subarray(at, at + this.keyBytes(row));
  }

  hasTtl(row: number): boolean {
    const presence = this.bytes[this.keyAt(row) + this.keyBytes(row) + VALUE_PRESENCE]!;
    return (presence & PRESENT_TTL) !== 0;
  }

  #endOf(row: number): number {
    return this.keyAt(row) + this.keyBytes(row) + this.valueBytes(row);
  }

  #word(row: number, field: number): number {
    return this.#rows.getUint32(row * ROW_BYTES + field, true);
  }
}
