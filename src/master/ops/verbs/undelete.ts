/**
 * undelete: brings back what was deleted from this path last, with all that hangs below it, O(1).
 * Works within the retention time and until the reclaimer has taken it. The name must be free; the
 * directory must exist (if it was deleted too, bring it back first).
 * Locks:   WRITE_EDGE of the name.
 * Entries: one, structural: PUT under the old key, REMOVE from the trash, PARENT.
 */

import { Code, StatusError } from '../../../base/status.js';
import { readU64 } from '../../../base/word64.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { PUT_CROSSES, SIDE_TRASH_TTL } from '../../memory/entry-format.js';
import { Bits } from '../../memory/kernel-constants.js';
import { Op } from '../../memory/op-codes.js';
import type { RecordFields } from '../../memory/record-fields.js';
import { idKey } from '../../memory/xattrs.js';
import { lockWriteEdge } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { sideKey } from '../../storage/tier2.js';
import { checkBits, checkWay, checkWritableMount } from '../mechanism/access.js';
import { alreadyExists, isBelowFile, notFound } from '../mechanism/failures.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';
import { findInTrash } from '../mechanism/remove-inode.js';

export type UndeleteOptions = { readonly path: Uint8Array };

export class Undelete extends PathMutation {
  readonly name = 'undelete';
  protected readonly op = Op.UNDELETE;

  constructor(caller: Caller, callId: number, options: UndeleteOptions, sink: Sink) {
    super(caller, callId, options.path, sink);
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    checkWay(executor, this.caller, walkA);
    lockWriteEdge(walkA, executor.locks, locks);
  }

  protected execute(executor: Executor): boolean {
    const walk = executor.walkA;
    const { depth } = walk;
    if (walk.found) {
      const reason = `Path "${walk.text()}" already exists.`;
      throw alreadyExists(walk, reason, 'Rename or delete it, then undelete again.');
    }
    if (walk.next < depth || isBelowFile(walk)) throw notFound(walk);
    const parent = depth - 1;
    checkWritableMount(executor, walk, parent);
    checkBits(executor, this.caller, walk, parent, Bits.WRITE | Bits.EXECUTE);
    const id = walk.id(parent);
    const trashed = findInTrash(executor, id, walk.nameAt(depth), walk.nameBytes(depth));
    if (trashed === undefined) throw nothingDeleted(walk);
    this.#write(executor, walk, trashed);
    return true;
  }

  protected override repeat(executor: Executor, inodeId: number, seq: number): void {
    const { walkA } = executor;
    if (walkA.found && walkA.id(walkA.depth) === inodeId) {
      this.sink.info(executor, walkA.record, seq);
    } else {
      // It has been moved or deleted since; the wire's answer has no inode anyway.
      this.sink.empty(seq);
    }
  }

  #write(executor: Executor, walk: PathWalk, trashed: RecordFields): void {
    const { ring } = executor;
    const parent = walk.depth - 1;
    const ttlMs = ttlBefore(executor, trashed.id);
    const fields = { ...trashed, parentId: walk.id(parent), ttlMs };
    this.recordAt = ring.entry.putFields(fields, PUT_CROSSES);
    ring.entry.remove(trashed.parentId, trashed.id, trashed.name, 0);
    if (ttlMs >= 0) ring.entry.side(SIDE_TRASH_TTL, idKey(trashed.id), null);
    touchDirectory(executor, walk, parent, { now: Date.now(), delta: 1 });
  }
}

/** The ttl from before the deletion, or -1. Parks until tier 2 knows. */
function ttlBefore(executor: Executor, id: number): number {
  executor.awaitTier2(id);
  const row = executor.reader.tier2.side.get(sideKey(SIDE_TRASH_TTL, idKey(id)));
  return row === undefined
    ? -1
    : readU64(new DataView(row.buffer, row.byteOffset, row.byteLength), 0);
}

function nothingDeleted(walk: PathWalk): StatusError {
  const path = walk.text();
  return new StatusError(Code.NOT_FOUND, `Nothing deleted from "${path}" can be brought back.`, {
    path,
    hint: 'It was never deleted, was deleted without trash, or its retention time is over.',
  });
}
