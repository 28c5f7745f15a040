/**
 * Dirty epochs from the writer's side. Entries are applied in the open epoch. When it is closed,
 * the flusher carries it to tier 2 as a whole. At most one epoch is closed and not flushed, because
 * there are two dirty lists.
 *
 *   EPOCH_FLUSHED   <=   EPOCH - 1   <   EPOCH (open)
 *   when equal, nothing is closed: the open one may be closed
 */

import { invariant } from '../../base/assert.js';
import { wakeFlusher } from '../executor/wake.js';
import type { KernelExports } from '../memory/exports.js';
import { readInodeCounts, writeInodeCounts } from '../memory/inode-counts.js';
import { CONTROL, CONTROL_BASE } from '../memory/layout.js';
import type { SharedMemory } from '../memory/shared-memory.js';
import { State } from '../memory/state.js';

const WAIT_MS = 1000;

export class Epochs {
  readonly #shared: SharedMemory;
  readonly #kernel: KernelExports;
  /** Seq of the last entry that was fully applied. */
  appliedSeq = 0;

  constructor(shared: SharedMemory, kernel: KernelExports) {
    this.#shared = shared;
    this.#kernel = kernel;
  }

  /** Closes the open epoch if the flusher asked for it and has finished the one before. */
  closeIfWanted(): void {
    if (this.#shared.load(CONTROL.CLOSE_WANTED) === 0 || this.closedWaits()) return;
    this.close();
  }

  close(): void {
    const shared = this.#shared;
    const closedSeq = this.#kernel.load64(CONTROL_BASE + CONTROL.CLOSED_SEQ);
    invariant(!this.closedWaits(), 'one epoch at a time is closed', shared.load(CONTROL.EPOCH));
    invariant(this.appliedSeq >= closedSeq, 'epochs follow each other', closedSeq, this.appliedSeq);
    shared.store(CONTROL.CLOSE_WANTED, 0);
    this.#kernel.store64(CONTROL_BASE + CONTROL.CLOSED_SEQ, this.appliedSeq);
    shared.store(CONTROL.CLOSED_SIDE, shared.load(CONTROL.SIDE_HEAD));
    const inodes = readInodeCounts(this.#kernel, CONTROL.INODES);
    writeInodeCounts(this.#kernel, CONTROL.CLOSED_INODES, inodes);
    const retryHead = this.#kernel.load64(CONTROL_BASE + CONTROL.RETRY_HEAD);
    this.#kernel.store64(CONTROL_BASE + CONTROL.CLOSED_RETRY, retryHead);
    // Last: a thread that sees the new epoch also sees the final state of the old one.
    shared.add(CONTROL.EPOCH, 1);
    wakeFlusher(shared);
  }

  /** Returns when an epoch more than now has been flushed. Blocks the thread. */
  makeRoom(): void {
    const shared = this.#shared;
    this.#kernel.add64(CONTROL_BASE + CONTROL.STAT_ROOM_WAITS, 1);
    if (!this.closedWaits()) this.close();
    const word = (CONTROL_BASE + CONTROL.EPOCH_FLUSHED) >> 2;
    while (this.closedWaits()) {
      if (shared.load(CONTROL.STATE) === State.FAILED) throw new Error('the flusher has failed');
      const flushed = Atomics.load(shared.i32, word);
      if (!this.closedWaits()) break;
      Atomics.wait(shared.i32, word, flushed, WAIT_MS);
    }
  }

  /**
   * Returns when tier 2 has all that was applied. An epoch that is being flushed as this is called
   * is not the last one. Closes none without need: a flusher that is to end may be gone by then.
   */
  flushAll(): void {
    if (this.closedWaits()) this.makeRoom();
    const flushed = this.#kernel.load64(CONTROL_BASE + CONTROL.FLUSHED_SEQ);
    if (flushed < this.appliedSeq) this.makeRoom();
  }

  /** An epoch is closed, and not in tier 2 yet. */
  closedWaits(): boolean {
    const open = this.#shared.load(CONTROL.EPOCH);
    return this.#shared.load(CONTROL.EPOCH_FLUSHED) !== (open - 1) >>> 0;
  }
}
