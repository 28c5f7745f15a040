/**
 * The answer to a call that was applied before: the inode of the first answer, wherever it is now.
 * Its attributes are the present ones. For an inode that was reclaimed meanwhile, the answer has
 * its id, its name and the time of the first call.
 */

import { readU64 } from '../../../base/word64.js';
import type { Sink } from '../../executor/call.js';
import type { Executor } from '../../executor/executor.js';
import { EXECUTOR, RETRY } from '../../memory/layout.js';
import { type RecordFields, writeRecord } from '../../memory/record-fields.js';
import { splitKey } from '../../storage/inode-key.js';
import { FlushBarrier } from './flush-barrier.js';
import { lookupByKey } from './key-lookup.js';

export class FirstAnswer {
  readonly #barrier = new FlushBarrier();

  /** Parks while tier 2 is behind for the inode. */
  give(
    executor: Executor,
    sink: Sink,
    told: { readonly inodeId: number; readonly seq: number; readonly type: number },
  ): void {
    const { walkA, walkB } = executor;
    const { inodeId, seq } = told;
    if (walkA.found && walkA.id(walkA.depth) === inodeId) {
      sink.info(executor, walkA.record, seq);
      return;
    }
    const { view } = executor.shared;
    const timeMs = readU64(view, executor.base + EXECUTOR.RECORD + RETRY.TIME);
    this.#barrier.pass(executor, inodeId);
    if (!this.#find(executor, inodeId)) {
      const name = walkA.depth === 0 ? new Uint8Array(0) : walkA.name(walkA.depth);
      const { type } = told;
      const times = { mtimeMs: timeMs, ctimeMs: timeMs };
      writeRecord(view, walkB.record, { ...unknown, ...times, seq, id: inodeId, type, name });
    }
    sink.info(executor, walkB.record, seq);
  }

  /** Leaves the inode's record in walk B. */
  #find(executor: Executor, inodeId: number): boolean {
    const key = executor.reader.keyOfId(inodeId);
    if (key === undefined) return false;
    const { parentId, name } = splitKey(key);
    return lookupByKey(executor, parentId, name)?.id === inodeId;
  }
}

const unknown: Omit<RecordFields, 'id' | 'type' | 'name' | 'seq' | 'mtimeMs' | 'ctimeMs'> = {
  parentId: 0,
  length: 0,
  ttlMs: -1,
  blockSize: 0,
  mode: 0,
  flags: 0,
  owner: 0,
  group: 0,
  mountId: 0,
  replicationMin: 0,
  replicationMax: -1,
  fingerprint: 0,
};
