/**
 * Takes finally deleted inodes out of tier 2, in bounded batches: ops/verbs/reclaim.ts is one step.
 * Each run ends after RUN_INODES_MAX inodes. The next one goes on, because the rest still hangs
 * below RECLAIM_ID.
 */
import { INODE_TYPE_DIRECTORY, RECLAIM_ID } from '../memory/record.js';
import type { RecordFields } from '../memory/record-fields.js';
import { submitted } from '../ops/mechanism/promise-calls.js';
import { trashOf } from '../ops/mechanism/remove-inode.js';
import { RECLAIM_BATCH, Reclaim } from '../ops/verbs/reclaim.js';
import { childrenPage } from './children-page.js';
import { type LoadContext, refuseEnding } from './directory-load.js';

export const RUN_INODES_MAX = 20_000;

export class Reclaimer {
  readonly #context: LoadContext;
  #left = 0;

  constructor(context: LoadContext) {
    this.#context = context;
  }

  /** How many inodes it dealt with; RUN_INODES_MAX or more if there is more to do. */
  async run(): Promise<number> {
    this.#left = RUN_INODES_MAX;
    while (this.#left > 0) {
      refuseEnding(this.#context);
      const page = await childrenPage(this.#context, RECLAIM_ID, {
        after: undefined,
        limit: RECLAIM_BATCH,
      });
      if (page.children.length === 0) break;
      await this.#reclaim(page.children);
    }
    return RUN_INODES_MAX - this.#left;
  }

  async #reclaim(inodes: readonly RecordFields[]): Promise<void> {
    const gone: RecordFields[] = [];
    for (const inode of inodes) {
      if (inode.type === INODE_TYPE_DIRECTORY) {
        if (!(await this.#empty(inode.id))) break;
        if (!(await this.#empty(trashOf(inode.id)))) break;
      }
      gone.push(inode);
    }
    if (gone.length > 0) await this.#submit(gone);
  }

  /** False: the run's bound was reached before the directory was empty. */
  async #empty(id: number): Promise<boolean> {
    let after: Uint8Array | undefined;
    for (;;) {
      if (this.#left <= 0) return false;
      refuseEnding(this.#context);
      const page = await childrenPage(this.#context, id, {
        after,
        limit: RECLAIM_BATCH,
        // From here on only this run changes it, and only before the cursor.
        flushed: after === undefined ? 'wait' : 'done',
      });
      if (page.children.length > 0) await this.#submit(page.children);
      if (page.next === undefined) return true;
      after = page.next;
    }
  }

  async #submit(inodes: readonly RecordFields[]): Promise<void> {
    const { scheduler, caller } = this.#context;
    this.#left -= inodes.length;
    await submitted(scheduler, (sink) => new Reclaim(caller, inodes, sink));
  }
}
