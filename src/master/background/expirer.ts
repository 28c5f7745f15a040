/**
 * The ttl checker: goes through the expiry index up to now, in bounded batches, and looks at each
 * inode by its id, since rows are hints.
 *
 *   row ─▶ inode gone, or due at another time ─▶ the row is forgotten
 *       ─▶ in the trash                        ─▶ reclaim
 *       ─▶ action FREE                         ─▶ the ttl goes
 *       ─▶ otherwise                           ─▶ deleted as the superuser, into the trash
 *
 * What cannot be deleted (it is below a read-only mount, say) keeps its row and is tried again.
 */

import { StatusError } from '../../base/status.js';
import type { Executor } from '../executor/executor.js';
import { expiryOf } from '../memory/expiry.js';
import { FLAG_TTL_FREE, TRASH_BIT } from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import { FlushBarrier, isStanding, stampOf } from '../ops/mechanism/flush-barrier.js';
import { reading, submitted } from '../ops/mechanism/promise-calls.js';
import { DeleteInode } from '../ops/verbs/delete-inode.js';
import {
  ExpireFree,
  ExpireTrash,
  FORGET_BATCH,
  ForgetExpiries,
  type FoundExpiry,
} from '../ops/verbs/expire.js';
import type { Expiry } from '../storage/expiry-index.js';
import { type LoadContext, refuseEnding } from './directory-load.js';
import { pathOfInode } from './inode-path.js';
import { flushed, inodeById } from './stored-inode.js';

type Due = FoundExpiry & {
  readonly inode: RecordFields | undefined;
  /** Not found, but perhaps moving to another key: its row stays for the next pass. */
  readonly isUnsure: boolean;
};

export class Expirer {
  readonly #context: LoadContext;

  constructor(context: LoadContext) {
    this.#context = context;
  }

  /** One pass; returns how many inodes had expired by `now`. */
  async run(now: number): Promise<number> {
    let done = 0;
    let after: Due | undefined;
    await flushed(this.#context);
    for (;;) {
      const batch = await this.#batch(after, now);
      const stale = batch.filter(({ inode, expiryMs, isUnsure }) => {
        return inode === undefined ? !isUnsure : expiryOf(inode) !== expiryMs;
      });
      refuseEnding(this.#context);
      await this.#forget(stale);
      for (const { inode, expiryMs } of batch) {
        refuseEnding(this.#context);
        if (inode === undefined || expiryOf(inode) !== expiryMs) continue;
        if (await this.#expire(inode)) done++;
      }
      if (batch.length < FORGET_BATCH) return done;
      after = batch.at(-1);
    }
  }

  #batch(after: Due | undefined, now: number): Promise<readonly Due[]> {
    const { scheduler, caller } = this.#context;
    const barrier = new FlushBarrier();
    return reading(scheduler, 'expire', caller, (executor) => {
      executor.reader.renew();
      const batch: Due[] = [];
      for (const expiry of executor.reader.tier2.expiries.due(now, after)) {
        batch.push(dueOf(executor, barrier, expiry));
        if (batch.length === FORGET_BATCH) break;
      }
      return batch;
    });
  }

  async #forget(rows: readonly Due[]): Promise<void> {
    if (rows.length === 0) return;
    const { scheduler, caller } = this.#context;
    await submitted(scheduler, (sink) => new ForgetExpiries(caller, rows, sink));
  }

  /** False: it could not be done now, or another call was first. */
  async #expire(inode: RecordFields): Promise<boolean> {
    const { scheduler, caller } = this.#context;
    try {
      const { seq } = await (inode.parentId >= TRASH_BIT
        ? submitted(scheduler, (sink) => new ExpireTrash(caller, inode, sink))
        : (inode.flags & FLAG_TTL_FREE) !== 0
          ? submitted(scheduler, (sink) => new ExpireFree(caller, inode, sink))
          : this.#delete(inode));
      return seq !== 0;
    } catch (error) {
      if (error instanceof StatusError) return false;
      throw error;
    }
  }

  async #delete(inode: RecordFields): Promise<{ readonly seq: number }> {
    const { scheduler, caller } = this.#context;
    const path = await pathOfInode(this.#context, inode.id);
    if (path === undefined) return { seq: 0 };
    const options = {
      path,
      recursive: true,
      skipTrash: false,
      deleteMountPoints: false,
      inodeId: inode.id,
      // The ttl was raised or removed at this very moment: the inode stays.
      applies: (now: RecordFields) => expiryOf(now) === expiryOf(inode),
    };
    return submitted(scheduler, (sink) => new DeleteInode(caller, options, sink));
  }
}

function dueOf(executor: Executor, barrier: FlushBarrier, { expiryMs, id }: Expiry): Due {
  barrier.pass(executor, id);
  const stamp = stampOf(executor, id);
  const inode = inodeById(executor, id);
  const at = inode && { parentId: inode.parentId, name: inode.name };
  const isUnsure = inode === undefined && !isStanding(executor, id, stamp);
  return { expiryMs, id, inode, at, isUnsure };
}
