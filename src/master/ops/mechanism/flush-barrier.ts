/**
 * When may a call believe what tier 2 says? When everything is in it that was durable as the call
 * began: whoever calls after another call was answered then sees what that one did. Changes that
 * come later may show or not, as in every listing of a living directory.
 *
 * Why not wait until tier 2 has all changes up to now: while somebody creates files all the time
 * that moment never comes.
 */

import type { Executor } from '../../executor/executor.js';
import { Park } from '../../executor/park.js';
import { CONTROL } from '../../memory/layout.js';

export class FlushBarrier {
  /** Seq that tier 2 must have; 0 = not taken yet. */
  #since = 0;

  /** Parks until tier 2 has what happened to a directory's children, to an id or its records. */
  pass(executor: Executor, id: number): void {
    if (this.#since === 0) {
      // What tier 1 shows is durable already; what a replay has applied may not count as such.
      const durable = executor.load64(CONTROL.DURABLE_SEQ);
      this.#since = Math.max(durable, executor.load64(CONTROL.APPLIED_SEQ));
    }
    const seq = Math.min(this.#since, executor.kernel.dirtySeq(id));
    if (seq > executor.flushedSeq) throw Park.flush(seq);
    executor.reader.renew();
  }

  /** From here on what happened until now counts too: something that was waited for has come. */
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
