/**
 * With ORCHARD_INVARIANTS, what the flusher holds tier 1 against at each flush of an epoch E: its
 * list names slots, each once, and all that are dirty of E stand in it; when it is flushed, no slot
 * is dirty of E any more. The writer goes on meanwhile: it makes slots dirty of E + 1, never of E.
 *
 * Dear: every slot is looked at, twice a flush.
 */
import { invariant } from '../../base/assert.js';
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
import { DIRTY_ENTRY, DIRTY_ENTRY_BYTES } from '../memory/layout-dirty.js';
import type { SharedMemory } from '../memory/shared-memory.js';

/** One of the two tables of tier 1. */
type Table = {
  readonly base: number;
  readonly sets: number;
  readonly setBytes: number;
  readonly slotBytes: number;
  /** Slots of the tables before it. */
  readonly before: number;
};

export class DirtyCheck {
  readonly #shared: SharedMemory;
  readonly #tables: readonly Table[];
  readonly #slotCount: number;

  constructor(shared: SharedMemory) {
    this.#shared = shared;
    const small = shared.fixed(CONTROL.SMALL_SET_COUNT);
    const large = shared.fixed(CONTROL.LARGE_SET_COUNT);
    this.#slotCount = (small + large) * SET_WAYS;
    this.#tables = [
      {
        base: shared.fixed(CONTROL.SMALL_BASE),
        sets: small,
        setBytes: SMALL_SET_BYTES,
        slotBytes: SMALL_SLOT_BYTES,
        before: 0,
      },
      {
        base: shared.fixed(CONTROL.LARGE_BASE),
        sets: large,
        setBytes: LARGE_SET_BYTES,
        slotBytes: LARGE_SLOT_BYTES,
        before: small * SET_WAYS,
      },
    ];
  }

  /** Before a closed epoch is copied. */
  before(epoch: number): void {
    const { view } = this.#shared;
    const capacity = this.#shared.fixed(CONTROL.DIRTY_LIST_CAPACITY);
    const count = this.#shared.load(CONTROL.DIRTY_COUNT + (epoch & 1) * 4);
    invariant(count <= capacity, 'no more slots are dirty than there are', epoch, count);
    const list =
      this.#shared.fixed(CONTROL.DIRTY_LIST_BASE) + (epoch & 1) * capacity * DIRTY_ENTRY_BYTES;
    const listed = new Uint8Array(this.#slotCount);
    for (let i = 0; i < count; i++) {
      const slot = view.getUint32(list + i * DIRTY_ENTRY_BYTES + DIRTY_ENTRY.SLOT, true);
      const number = this.#numberOf(slot);
      invariant(listed[number] === 0, 'a slot stands in a dirty list once', slot, epoch);
      listed[number] = 1;
      const dirty = this.#dirtyEpoch(slot);
      invariant(dirty === epoch || dirty === epoch + 1, 'what is listed is dirty', slot, dirty);
    }
    this.#scan((slot, number) => {
      const dirty = this.#dirtyEpoch(slot);
      const isListed = dirty !== epoch || listed[number] === 1;
      invariant(isListed, 'what is dirty stands in the list of its epoch', slot, dirty);
    });
  }

  /** When all of the epoch is in tier 2, and the next one is not closed yet. */
  after(epoch: number): void {
    this.#scan((slot) => {
      const dirty = this.#dirtyEpoch(slot);
      const isClean = dirty === 0 || dirty === epoch + 1;
      invariant(isClean, 'a flushed epoch leaves no dirty slot', slot, dirty);
    });
  }

  #dirtyEpoch(slot: number): number {
    return Atomics.load(this.#shared.i32, (slot + SLOT.DIRTY_EPOCH) >> 2) >>> 0;
  }

  #scan(look: (slot: number, number: number) => void): void {
    for (const { base, sets, setBytes, slotBytes, before } of this.#tables) {
      for (let set = 0; set < sets; set++) {
        for (let way = 0; way < SET_WAYS; way++) {
          const slot = base + set * setBytes + SET.SLOTS + way * slotBytes;
          look(slot, before + set * SET_WAYS + way);
        }
      }
    }
  }

  /** Which of all slots begins at the address. */
  #numberOf(slot: number): number {
    const table = this.#tables.find(
      ({ base, sets, setBytes }) => slot >= base && slot < base + sets * setBytes,
    );
    invariant(table !== undefined, 'a dirty slot is one of tier 1', slot);
    const set = Math.floor((slot - table.base) / table.setBytes);
    const way = (slot - table.base - set * table.setBytes - SET.SLOTS) / table.slotBytes;
    invariant(way >= 0 && Number.isInteger(way), 'a dirty slot begins where slots do', slot);
    return table.before + set * SET_WAYS + way;
  }
}
