/**
 * When may a call believe tier 2? When tier 2 has everything that was durable as the call began. So
 * a caller sees every change whose answer came before its call. Later changes may show or not, as
 * in every listing of a directory in use.
 *
 * Why not wait until tier 2 has all changes up to now: while somebody creates files all the time,
 * that moment never comes.
 */

import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { CONTROL } from '../../memory/layout.js';

export class FlushBarrier {
  /** Seq that tier 2 must have; 0 = not taken yet. */
  #since = 0;

  /** Parks until tier 2 has all changes of a directory's children, of an id, or of its records. */
  pass(executor: Executor, id: number): void {
    if (this.#since === 0) {
      // Tier 1 shows only durable changes, but those of a replay may not count as such.
      const durable = executor.load64(CONTROL.DURABLE_SEQ);
      this.#since = Math.max(durable, executor.load64(CONTROL.APPLIED_SEQ));
    }
    const seq = Math.min(this.#since, executor.kernel.dirtySeq(id));
    if (seq > executor.flushedSeq) throw Park.flush(seq);
    executor.reader.renew();
  }

  /** From here on, changes up to now count too, because something awaited has arrived. */
  move(): void {
    this.#since = 0;
  }
}

/**
 * What tier 2 lacks may be on its way to another key: a flush takes slots as they are, so of a new
 * inode that was renamed after its epoch was closed it takes neither the old slot, which is empty
 * already, nor the new one, which is of the next epoch. So "not there" is to be believed only if
 * nothing of the id was on its way before the look (stampOf) and nothing came since (isStanding).
 * A check behind the look alone would not do: the flush may have ended in between.
 */
export function stampOf(executor: Executor, id: number): number {
  const seq = executor.kernel.dirtySeq(id);
  return seq <= executor.flushedSeq ? seq : Number.NaN;
}

export const isStanding = (executor: Executor, id: number, stamp: number): boolean =>
  executor.kernel.dirtySeq(id) === stamp;
