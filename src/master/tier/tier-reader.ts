/**
 * Reads of one executor through both tiers: tier 1 by the kernels, without a lock; records that it
 * lacks from this executor's LMDB snapshot, which caches them.
 *
 * Why a stale value is never cached: the kernel notes the set's seq at the miss; only then the
 * snapshot is renewed if tier 2 has committed since; and fill() caches only if the set's seq is
 * still the same. A dirty slot leaves its set only after the commit that holds it, and leaving
 * changes the seq.
 *
 * Invariant: nothing here waits; callers hold private scratch (WALK, RECORD) meanwhile.
 */

import { readU64 } from '../../base/word64.js';
import { FillStatus, type KernelExports, LookupStatus, WalkStatus } from '../memory/exports.js';
import { CONTROL, EXECUTOR, WALK } from '../memory/layout.js';
import { sometimes } from '../memory/rare-paths.js';
import { RECORD_ID, RECORD_NAME, RECORD_NAME_LEN } from '../memory/record.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { damagedInode } from '../storage/damage.js';
import type { Tier2 } from '../storage/tier2.js';

export class TierReader {
  readonly tier2: Tier2;
  readonly #shared: SharedMemory;
  readonly #executor: number;
  readonly #kernel: KernelExports;
  readonly #record: number;
  readonly #key: number;
  readonly #value: number;
  #snapshot = -1;

  constructor(shared: SharedMemory, kernel: KernelExports, tier2: Tier2, executor: number) {
    this.#shared = shared;
    this.#executor = executor;
    this.#kernel = kernel;
    this.tier2 = tier2;
    const base = shared.executorBase(executor);
    this.#record = base + EXECUTOR.RECORD;
    this.#key = base + EXECUTOR.KEY;
    this.#value = base + EXECUTOR.VALUE;
  }

  /** Resolves a cleaned path to its end, or to the node that stops it; never MISS. */
  walk(walk: number): WalkStatus {
    for (;;) {
      const status = this.#kernel.walk(walk);
      if (status !== WalkStatus.MISS) return status;
      if (this.fillNode(walk) === FillStatus.RACED) continue;
      if (this.#kernel.walkTake(walk, this.#record) === 1) continue;
      // Tier 2 does not know the name either: true if no rename happened during the walk.
      if (this.#kernel.walkStands(walk) === 1) return WalkStatus.ABSENT;
      sometimes(this.#shared, this.#executor, 'walkBegunAnew');
      this.#kernel.walkReset(walk);
    }
  }

  /** After a walk that ended with MISS: reads and caches the record of node NEXT. */
  fillNode(walk: number): FillStatus {
    const view = this.#shared.view;
    const next = view.getUint32(walk + WALK.NEXT, true);
    const component = view.getUint32(walk + WALK.COMPONENTS + next * 4, true);
    return this.fillName(walk, walk + WALK.PATH + (component & 0xffff), component >>> 16, true);
  }

  /**
   * One record by its key, copied to `out`; false if the name does not exist. `name` points into
   * shared memory and is not this reader's own RECORD scratch.
   */
  lookup(parentId: number, name: number, nameBytes: number, out: number, walk: number): boolean {
    for (;;) {
      const status = this.#kernel.lookup(parentId, name, nameBytes, out, walk);
      if (status === LookupStatus.FOUND) return true;
      if (status === LookupStatus.ABSENT) return false;
      if (this.fillName(walk, name, nameBytes) === FillStatus.RACED) continue;
      const u8 = this.#shared.u8;
      const bytes = RECORD_NAME + u8[this.#record + RECORD_NAME_LEN]!;
      u8.copyWithin(out, this.#record, this.#record + bytes);
      return readU64(this.#shared.view, out + RECORD_ID) !== 0;
    }
  }

  /** Makes the next reads of `tier2` see every commit so far. */
  renew(): void {
    const version = this.#shared.load(CONTROL.TIER2_VERSION);
    if (version === this.#snapshot) return;
    // The version is read first: a commit in between only costs one extra renewal.
    this.tier2.releaseSnapshot();
    this.#snapshot = version;
  }

  /**
   * Where inode `id` hangs: its (parent id, name) key in tier-2 form, or undefined. Exact only
   * when nothing about the id is unflushed: see dirtySeq.
   */
  keyOfId(id: number): Uint8Array | undefined {
    this.renew();
    return this.tier2.ids.get(id);
  }

  /** Reads the key that a kernel missed and caches it; the record or its absence is in RECORD. */
  fillName(walk: number, name: number, nameBytes: number, hasPath = false): FillStatus {
    const { view, u8 } = this.#shared;
    this.renew();
    const parentId = readU64(view, walk + WALK.MISS_PARENT);
    const keyBytes = this.#kernel.encodeKey(parentId, name, nameBytes, this.#key);
    const key = u8.subarray(this.#key, this.#key + keyBytes);
    const value = this.tier2.inodes.getBinaryFast(key);
    if (value === undefined) {
      this.#kernel.absentRecord(parentId, name, nameBytes, this.#record);
    } else {
      // getBinaryFast reuses its buffer, so copy it before anything else reads.
      for (let i = 0; i < value.length; i++) u8[this.#value + i] = value[i]!;
      const decoded = this.#kernel.decodeRecord(
        this.#key,
        keyBytes,
        this.#value,
        value.length,
        this.#record,
      );
      if (decoded === 0) throw damagedInode(key, hasPath ? this.#pathOf(walk) : undefined);
    }
    const filled = this.#kernel.fill(
      view.getUint32(walk + WALK.MISS_SET, true),
      view.getUint32(walk + WALK.MISS_SET_SEQ, true),
      this.#record,
    );
    if (filled === FillStatus.RACED) sometimes(this.#shared, this.#executor, 'fillRaced');
    if (filled === FillStatus.NO_ROOM) sometimes(this.#shared, this.#executor, 'fillHadNoRoom');
    return filled;
  }

  /** The path that is being walked. */
  #pathOf(walk: number): string {
    const { view, u8 } = this.#shared;
    const bytes = view.getUint32(walk + WALK.PATH_BYTES, true);
    return new TextDecoder().decode(u8.slice(walk + WALK.PATH, walk + WALK.PATH + bytes));
  }
}
