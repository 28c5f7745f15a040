/**
 * Maintains the filter of tier 2's keys (assembly/filter.ts). It fills the filter from tier 2 after
 * a start, and again when most of its keys are gone. The flusher's thread does this between two
 * flushes, some keys at a time; meanwhile each flush adds its own keys.
 *
 *   clear ─▶ keys in order, a few a turn ─▶ behind the last one: complete
 *
 * Why no key is missing at the end: a key that tier 2 had when the filter was cleared, and still
 * has when the scan passes, is found by the scan. Any other was put by a flush since, which added
 * it.
 */

import type { KernelExports } from '../memory/exports.js';
import { CONTROL, CONTROL_BASE, EXECUTOR, FILTER_BLOCK_BYTES } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { LeafScan } from '../storage/leaf-scan.js';
import { PAGE_BYTES } from '../storage/page-format.js';
import type { Tier2 } from '../storage/tier2.js';

/** A turn ends after this many pages, a few ms; earlier if they come from a slow disk. */
const LEAVES_PER_TURN = 512;
const TURN_MS = 5;
/** With this many bits a key it recognises 39 of 40 absent names; with half of them 4 of 5. */
const BITS_PER_KEY = 8;
/** With this many more keys than it was made for, it is hardly useful. */
const OVERFULL = 2;
const BEGIN = new Uint8Array(0);

export type KeyFilterOptions = {
  readonly shared: SharedMemory;
  readonly kernel: KernelExports;
  readonly tier2: Tier2;
  readonly executor: number;
};

export class KeyFilter {
  readonly #options: KeyFilterOptions;
  /** Of the page that is being added, in shared memory. */
  readonly #leafAt: number;
  readonly #leaves: LeafScan;
  readonly #capacity: number;
  /** The last key that was added; undefined: the filter is not being filled. */
  #from: Uint8Array | undefined;
  /** The epoch after which it was last checked. */
  #seenEpoch = -1;

  constructor(options: KeyFilterOptions) {
    this.#options = options;
    const { shared, tier2, executor } = options;
    this.#leafAt = shared.executorBase(executor) + EXECUTOR.REQUEST;
    const leaf = Buffer.from(shared.u8.buffer, this.#leafAt, PAGE_BYTES);
    this.#leaves = new LeafScan(tier2.file, 'inodes', leaf);
    const bytes = shared.fixed(CONTROL.FILTER_BLOCK_COUNT) * FILTER_BLOCK_BYTES;
    this.#capacity = (bytes * 8) / BITS_PER_KEY;
  }

  /**
   * Some more keys; false: there is nothing to do. Throws DATA_LOSS for a damaged page: it is not
   * to be called again then, and the filter stays incomplete, which is slower and nothing else.
   */
  fill(): boolean {
    if (this.#capacity === 0) return false;
    if (this.#from === undefined && !this.#begin()) return false;
    this.#add(this.#from!);
    return true;
  }

  /** Whether it must be filled (again). */
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
    const { kernel } = this.#options;
    const leaves = this.#leaves;
    const until = performance.now() + TURN_MS;
    try {
      leaves.open(from);
      let isMore = leaves.next();
      for (let count = 1; isMore; count++, isMore = leaves.next()) {
        if (kernel.filterAddLeaf(this.#leafAt) < 0) throw leaves.damage();
        if (count === LEAVES_PER_TURN || performance.now() > until) break;
      }
      const last = isMore ? leaves.lastKey() : undefined;
      if (last !== undefined && Buffer.compare(last, from) <= 0) throw leaves.damage();
      this.#from = last;
    } finally {
      leaves.close();
    }
    if (this.#from === undefined) kernel.filterComplete();
  }
}
