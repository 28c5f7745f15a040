/**
 * Copies whole sets of tier 1 while they are in use, for a check of all of them.
 *
 * Invariant: a copy is one state of its set: its seq was even and the same before and after.
 */

import { SET_WAYS } from '../../base/limits.js';
import {
  CONTROL,
  LARGE_SET_BYTES,
  LARGE_SLOT_BYTES,
  SET,
  SLOT,
  SMALL_SET_BYTES,
  SMALL_SLOT_BYTES,
} from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';

/** A change holds a set for some hundred instructions, so this many tries are never needed. */
const TRIES_MAX = 1000;

export type SlotCopy = {
  readonly isDirty: boolean;
  /** The record in `bytes` of the copier. */
  readonly record: number;
};

export class SetCopy {
  /** Of the set that was copied last. */
  readonly bytes = new Uint8Array(LARGE_SET_BYTES);
  readonly setCount: number;
  readonly #shared: SharedMemory;
  readonly #smallCount: number;
  readonly #view = new DataView(this.bytes.buffer);
  readonly #fence = new Int32Array(new SharedArrayBuffer(4));
  #seq = 0;

  constructor(shared: SharedMemory) {
    this.#shared = shared;
    this.#smallCount = shared.fixed(CONTROL.SMALL_SET_COUNT);
    this.setCount = this.#smallCount + shared.fixed(CONTROL.LARGE_SET_COUNT);
  }

  /** The used slots of a set; none if it never stood still. */
  copy(set: number): readonly SlotCopy[] {
    const at = this.addressOf(set);
    const isSmall = set < this.#smallCount;
    const bytes = isSmall ? SMALL_SET_BYTES : LARGE_SET_BYTES;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.#seq = Atomics.load(this.#shared.i32, at >> 2);
      if ((this.#seq & 1) === 1) continue;
      this.bytes.set(this.#shared.u8.subarray(at, at + bytes));
      if (this.isUnchanged(set)) return this.#used(isSmall ? SMALL_SLOT_BYTES : LARGE_SLOT_BYTES);
    }
    return [];
  }

  /** Nobody has changed the set since it was copied. */
  isUnchanged(set: number): boolean {
    // An atomic change of a word of our own: the loads before it stay before it.
    Atomics.add(this.#fence, 0, 0);
    return Atomics.load(this.#shared.i32, this.addressOf(set) >> 2) === this.#seq;
  }

  #used(slotBytes: number): SlotCopy[] {
    const slots: SlotCopy[] = [];
    for (let way = 0; way < SET_WAYS; way++) {
      if (this.#view.getUint16(SET.TAGS + way * 2, true) === 0) continue;
      const slot = SET.SLOTS + way * slotBytes;
      const isDirty = this.#view.getUint32(slot + SLOT.DIRTY_EPOCH, true) !== 0;
      slots.push({ isDirty, record: slot + SLOT.RECORD });
    }
    return slots;
  }

  addressOf(set: number): number {
    const shared = this.#shared;
    return set < this.#smallCount
      ? shared.fixed(CONTROL.SMALL_BASE) + set * SMALL_SET_BYTES
      : shared.fixed(CONTROL.LARGE_BASE) + (set - this.#smallCount) * LARGE_SET_BYTES;
  }
}
