/**
 * Applies sealed entries to tier 1: the only place that changes the namespace, live, at replay and
 * on a standby. It runs the apply() kernel and does what that cannot: read a directory from tier 2,
 * wait for room, handle side records. Belongs to the writer.
 *
 * Invariant: an entry is applied only after the journal holds it durably.
 */

import { assert, unreachable } from '../../base/assert.js';
import { readU64 } from '../../base/word64.js';
import { CHANGE_BYTES, CHANGE_PAYLOAD, SIDE_MOUNT, SIDE_STRING } from '../memory/entry-format.js';
import { ApplyStatus, FillStatus, type KernelExports } from '../memory/exports.js';
import { APPLY, EXECUTOR } from '../memory/layout.js';
import { sometimes } from '../memory/rare-paths.js';
import { RECORD_ID } from '../memory/record.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { damagedInode } from '../storage/damage.js';
import type { Tier2 } from '../storage/tier2.js';
import type { SharedTables } from './shared-tables.js';
import { readSide, type SideRecord, SideRingWriter } from './side-ring.js';

export type ApplierOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  /** Index of the writer's own executor block: scratch only. */
  readonly executor: number;
  readonly tables: SharedTables;
  /** Returns when an epoch has been flushed, so that slots or ring space are free again. */
  readonly makeRoom: () => void;
};

export class Applier {
  readonly #options: ApplierOptions;
  readonly #apply: number;
  readonly #scratch: number;
  readonly #key: number;
  readonly #value: number;
  readonly #sideRing: SideRingWriter;

  constructor(options: ApplierOptions) {
    this.#options = options;
    const base = options.shared.executorBase(options.executor);
    this.#apply = base + EXECUTOR.APPLY;
    this.#scratch = base + EXECUTOR.RECORD;
    this.#key = base + EXECUTOR.KEY;
    this.#value = base + EXECUTOR.VALUE;
    this.#sideRing = new SideRingWriter(options.shared);
  }

  /** Applies the entry at byte offset `entry` of shared memory, to its end. */
  apply(entry: number): void {
    const { kernel, shared, makeRoom, executor } = this.#options;
    let status = kernel.apply(entry, 0);
    while (status !== ApplyStatus.DONE) {
      switch (status) {
        case ApplyStatus.MISS:
          sometimes(shared, executor, 'applyMissed');
          this.#fillParent();
          break;
        case ApplyStatus.NO_ROOM:
          sometimes(shared, executor, 'applyHadNoRoom');
          makeRoom();
          break;
        case ApplyStatus.SIDE:
          this.#applySide(entry);
          break;
        default:
          unreachable(status);
      }
      status = kernel.apply(entry, shared.view.getUint32(this.#apply + APPLY.AT, true));
    }
  }

  #applySide(entry: number): void {
    const { shared, tables } = this.#options;
    const at = shared.view.getUint32(this.#apply + APPLY.AT, true);
    const bytes = shared.view.getUint32(entry + at + CHANGE_BYTES, true);
    const side = readSide(shared, entry + at + CHANGE_PAYLOAD);
    if (side.kind === SIDE_STRING) this.#pushSide({ ...side, value: this.#intern(side.key) });
    else this.#pushSide(side);
    if (side.kind === SIDE_MOUNT) tables.setMount(side.key, side.value);
    const next = at + CHANGE_PAYLOAD + ((bytes + 7) & ~7);
    shared.view.setUint32(this.#apply + APPLY.AT, next, true);
  }

  #intern(name: Uint8Array): Uint8Array {
    const value = new Uint8Array(4);
    new DataView(value.buffer).setUint32(0, this.#options.tables.intern(name), true);
    return value;
  }

  #pushSide(record: SideRecord): void {
    const { shared, executor, makeRoom } = this.#options;
    while (!this.#sideRing.push(record)) {
      sometimes(shared, executor, 'sideRingFull');
      makeRoom();
    }
  }

  /** Reads the directory that a PARENT change needs from tier 2 and caches it. */
  #fillParent(): void {
    const { shared, kernel, tier2, makeRoom } = this.#options;
    const { view, u8 } = shared;
    // The writer's snapshot may be older than a flush that evicted the slot.
    tier2.releaseSnapshot();
    const parentId = readU64(view, this.#apply + APPLY.MISS_PARENT);
    const nameBytes = view.getUint32(this.#apply + APPLY.NAME_BYTES, true);
    const name = this.#apply + APPLY.NAME;
    const keyBytes = kernel.encodeKey(parentId, name, nameBytes, this.#key);
    const value = tier2.inodes.getBinaryFast(u8.subarray(this.#key, this.#key + keyBytes));
    if (value === undefined) {
      kernel.absentRecord(parentId, name, nameBytes, this.#scratch);
    } else {
      for (let i = 0; i < value.length; i++) u8[this.#value + i] = value[i]!;
      const record = this.#scratch;
      const bytes = kernel.decodeRecord(this.#key, keyBytes, this.#value, value.length, record);
      // Not the failure of one call: the journal has the change, and it cannot be applied.
      // Fail-stop.
      if (bytes === 0) throw damagedInode(u8.slice(this.#key, this.#key + keyBytes));
      assert(readU64(view, record + RECORD_ID) !== 0, 'tier 2 holds no absent records');
    }
    // The writer's thread has no event loop that would do it: a snapshot that is kept keeps LMDB
    // from using any page again that was freed since.
    tier2.releaseSnapshot();
    const set = view.getUint32(this.#apply + APPLY.MISS_SET, true);
    const seq = view.getUint32(this.#apply + APPLY.MISS_SET_SEQ, true);
    // Raced: the kernel misses again and returns here with the set's new seq.
    if (kernel.fill(set, seq, this.#scratch) === FillStatus.NO_ROOM) makeRoom();
  }
}
