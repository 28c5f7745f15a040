/**
 * Renews the lease of a file that is being written: its mtime becomes now, if the path still leads
 * to that inode and it is incomplete. Otherwise nothing changes, which is success.
 * Locks and entries: as setAttribute.
 */
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import { FLAG_COMPLETED } from '../../memory/record.js';
import { readRecord } from '../../memory/record-fields.js';
import { SetAttribute } from './set-attribute.js';

export type RenewWriteOptions = { readonly path: Uint8Array; readonly inodeId: number };

export class RenewWrite extends SetAttribute {
  readonly #inodeId: number;
  readonly #outcome: Sink;

  constructor(caller: Caller, { path, inodeId }: RenewWriteOptions, sink: Sink) {
    super(caller, 0, { path, change: {} }, sink);
    this.#inodeId = inodeId;
    this.#outcome = sink;
  }

  protected override execute(executor: Executor): boolean {
    const { walkA: walk, shared } = executor;
    const isIt = walk.found && walk.id(walk.depth) === this.#inodeId;
    const fields = isIt ? readRecord(shared.view, walk.record) : undefined;
    if (fields === undefined || (fields.flags & FLAG_COMPLETED) !== 0) {
      this.#outcome.empty(0);
      return false;
    }
    executor.ring.entry.putFields({ ...fields, mtimeMs: Date.now() });
    return true;
  }
}
