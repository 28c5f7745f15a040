/**
 * User and group names as small numbers. The table stands in shared memory, only ever grows, and
 * is written by the writer thread alone (SIDE_STRING changes), so every thread sees a new name as
 * soon as its entry is applied. Index 0 is the empty string: nobody.
 *
 * Invariant: rows below STRING_COUNT never change.
 */

import { invariant } from '../../base/assert.js';
import { INTERNED_COUNT_MAX } from '../../base/limits.js';
import { STRING_UNKNOWN } from '../memory/kernel-constants.js';
import { CONTROL } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

const ROW_BYTES = 8;
const decoder = new TextDecoder();

export class StringTable {
  readonly #shared: SharedMemory;
  readonly #ids = new Map<string, number>([['', 0]]);
  readonly #texts: string[] = [''];

  constructor(shared: SharedMemory) {
    this.#shared = shared;
  }

  /** The name's number, or STRING_UNKNOWN. */
  idOf(text: string): number {
    const known = this.#ids.get(text);
    if (known !== undefined) return known;
    this.#refresh();
    return this.#ids.get(text) ?? STRING_UNKNOWN;
  }

  textOf(id: number): string {
    if (id >= this.#texts.length) this.#refresh();
    return this.#texts[id] ?? '';
  }

  /** True when a new name of so many bytes fits. Holds only while nobody else adds one. */
  hasRoomFor(bytes: number): boolean {
    const count = this.#shared.load(CONTROL.STRING_COUNT);
    const used = this.#shared.load(CONTROL.STRING_USED);
    const capacity = this.#shared.fixed(CONTROL.STRING_BLOB_BYTES);
    return count < INTERNED_COUNT_MAX && used + bytes <= capacity;
  }

  #refresh(): void {
    const count = this.#shared.load(CONTROL.STRING_COUNT);
    const index = this.#shared.fixed(CONTROL.STRING_INDEX_BASE);
    const blob = this.#shared.fixed(CONTROL.STRING_BLOB_BASE);
    const used = this.#shared.load(CONTROL.STRING_USED);
    invariant(count >= this.#texts.length, 'names are never taken back', count);
    for (let id = this.#texts.length; id < count; id++) {
      const at = blob + this.#shared.view.getUint32(index + id * ROW_BYTES, true);
      const bytes = this.#shared.view.getUint32(index + id * ROW_BYTES + 4, true);
      invariant(at + bytes <= blob + used, 'a name is written before its number shows', id, at);
      const text = decoder.decode(this.#shared.u8.slice(at, at + bytes));
      this.#texts.push(text);
      this.#ids.set(text, id);
    }
  }
}
