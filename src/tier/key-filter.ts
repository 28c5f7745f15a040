/**
 * Keeps the filter of tier 2's keys (assembly/filter.ts) worth asking: fills it from tier 2 after a
 * start, and anew when most of what it holds is gone. The flusher's thread does so between two
 * flushes, some keys at a time; each flush adds its own keys meanwhile. Floor 3.
 *
 *   clear ─▶ keys in order, a few a turn ─▶ behind the last one: complete
 *
 * Why nothing is missing at the end: a key that tier 2 had when the filter was cleared, and still
 * has when the scan comes by, is found there; any other was put by a flush since, which added it.
 */
import { CONTROL, CONTROL_BASE, EXECUTOR, FILTER_BLOCK_BYTES } from '../base/layout.js';
import type { KernelExports } from '../kernel/exports.js';
import type { SharedMemory } from '../kernel/shared-memory.js';
import { InodeScan } from '../storage/inode-scan.js';
import type { Tier2 } from '../storage/tier2.js';

/** A turn ends after so many keys, a few ms; sooner where their pages come from a slow disk. */
const KEYS_PER_TURN = 10_000;
const TURN_MS = 5;
/** Keys between two looks at the clock. */
const KEYS_PER_LOOK = 100;
/** With so many bits a key it knows 39 of 40 absent names; with half of them 4 of 5. */
const BITS_PER_KEY = 8;
/** More keys than it was made for, by so much, and it is hardly worth asking. */
const OVERFULL = 2;
const BEGIN = new Uint8Array(0);
/** Behind all keys: the first byte of one is the width of an id. */
const END = Uint8Array.of(9);

export type KeyFilterOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly executor: number;
};

export class KeyFilter {
  readonly #options: KeyFilterOptions;
  readonly #keyAt: number;
  readonly #valueAt: number;
  readonly #capacity: number;
  #scan: InodeScan | undefined;
  /** The last key that was added; undefined: it is not being filled. */
  #from: Uint8Array | undefined;
  /** The epoch after which it was last looked at. */
  #seenEpoch = -1;

  constructor(options: KeyFilterOptions) {
    this.#options = options;
    const { shared, executor } = options;
    this.#keyAt = shared.executorBase(executor) + EXECUTOR.KEY;
    this.#valueAt = shared.executorBase(executor) + EXECUTOR.VALUE;
    const bytes = shared.fixed(CONTROL.FILTER_BLOCK_COUNT) * FILTER_BLOCK_BYTES;
    this.#capacity = (bytes * 8) / BITS_PER_KEY;
  }

  /** Some more keys; false: there is nothing to do. */
  fill(): boolean {
    if (this.#capacity === 0) return false;
    if (this.#from === undefined && !this.#begin()) return false;
    this.#add(this.#from!);
    return true;
  }

  /** Whether it is to be filled (anew). */
  #begin(): boolean {
    const { shared, kernel, tier2 } = this.#options;
    const epoch = shared.load(CONTROL.EPOCH_FLUSHED);
    if (epoch === this.#seenEpoch) return false;
    this.#seenEpoch = epoch;
    const { inodes } = tier2.stats();
    tier2.releaseSnapshot();
    const keys = kernel.load64(CONTROL_BASE + CONTROL.FILTER_KEYS);
    const isComplete = (shared.load(CONTROL.FILTER_STATE) & 1) !== 0;
    const isWorthIt = isComplete
      ? keys > this.#capacity && inodes * 2 <= keys
      : inodes <= this.#capacity * OVERFULL;
    if (!isWorthIt) return false;
    kernel.filterClear();
    this.#from = BEGIN;
    return true;
  }

  #add(from: Uint8Array): void {
    const { shared, kernel, tier2 } = this.#options;
    this.#scan ??= new InodeScan(tier2, shared.u8, this.#keyAt, this.#valueAt);
    const scan = this.#scan;
    // Of the newest commit; and none is held back for longer than this turn.
    tier2.releaseSnapshot();
    scan.open(from, from !== BEGIN, END);
    const until = performance.now() + TURN_MS;
    for (let count = 0; count < KEYS_PER_TURN && scan.next(); count++) {
      kernel.filterAddKey(this.#keyAt, scan.keyBytes);
      if (count % KEYS_PER_LOOK === KEYS_PER_LOOK - 1 && performance.now() > until) break;
    }
    if (scan.isOpen) {
      this.#from = shared.u8.slice(this.#keyAt, this.#keyAt + scan.keyBytes);
      scan.close();
    } else {
      this.#from = undefined;
      kernel.filterComplete();
    }
    tier2.releaseSnapshot();
  }
}
