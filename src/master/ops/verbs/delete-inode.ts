/**
 * Delete of one specific inode: as delete, but only if the path still leads to that inode and
 * `applies` agrees, both under the locks. For work that found the inode before by other means (an
 * expired ttl, a failed upload). Otherwise nothing changes, which is success.
 */

import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { RecordFields } from '../../memory/record-fields.js';
import { readRecord } from '../../memory/record-fields.js';
import { Delete, type DeleteOptions } from './delete.js';

export type DeleteInodeOptions = DeleteOptions & {
  readonly inodeId: number;
  readonly applies: (fields: RecordFields) => boolean;
};

export class DeleteInode extends Delete {
  readonly #expected: DeleteInodeOptions;

  constructor(caller: Caller, options: DeleteInodeOptions, sink: Sink) {
    super(caller, 0, options, sink);
    this.#expected = options;
  }

  protected override execute(executor: Executor): boolean {
    const { walkA: walk, shared } = executor;
    const { inodeId, applies } = this.#expected;
    const isIt = walk.found && walk.id(walk.depth) === inodeId;
    if (isIt && applies(readRecord(shared.view, walk.record))) return super.execute(executor);
    this.sink.empty(0);
    return false;
  }
}
