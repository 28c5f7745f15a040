/**
 * unmount: takes a mount point out of the namespace, O(1). The store keeps its data and is not
 * called; the metadata is reclaimed in the background. Superusers only. Refused: the root, what is
 * no mount point, a mount with others below it.
 * Locks:   WRITE_EDGE: waits for every operation below; and the mount table.
 * Entries: one, structural: REMOVE, PUT for reclaim, PARENT, SIDE of the mount.
 */

import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { SIDE_MOUNT } from '../../memory/entry-format.js';
import { Op } from '../../memory/op-codes.js';
import { FLAG_MOUNT_POINT } from '../../memory/record.js';
import { readRecord } from '../../memory/record-fields.js';
import { type Mount, mountKey } from '../../mount/mount-table.js';
import { lockWriteEdge } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkSuper } from '../mechanism/access.js';
import { invalid } from '../mechanism/failures.js';
import { lockMountTable, requireMountPoint } from '../mechanism/mount-access.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';
import { putIntoReclaim } from '../mechanism/remove-inode.js';

export type UnmountOptions = { readonly path: Uint8Array };

export class Unmount extends PathMutation {
  readonly name = 'unmount';
  protected readonly op = Op.UNMOUNT;

  constructor(caller: Caller, callId: number, options: UnmountOptions, sink: Sink) {
    super(caller, callId, options.path, sink);
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    lockWriteEdge(walkA, executor.locks, locks);
    lockMountTable(executor, locks);
  }

  protected execute(executor: Executor): boolean {
    const walk = executor.walkA;
    const path = walk.text();
    checkSuper(executor, this.caller, path);
    if (walk.depth === 0) {
      throw invalid('/', 'Cannot unmount the root.', 'Name one of the other mounts.');
    }
    const mount = requireMountPoint(executor, walk);
    const nested = executor.mounts.below(path)[0];
    if (nested !== undefined) {
      const reason = `Cannot unmount "${path}": "${nested.path}" is mounted below it.`;
      throw invalid(path, reason, `Unmount it first: orchard unmount ${nested.path}`);
    }
    this.#write(executor, walk, mount);
    return true;
  }

  #write(executor: Executor, walk: PathWalk, mount: Mount): void {
    const { shared, ring } = executor;
    const parent = walk.depth - 1;
    const fields = readRecord(shared.view, walk.record);
    ring.entry.remove(fields.parentId, fields.id, fields.name, 0);
    putIntoReclaim(executor, { ...fields, flags: fields.flags & ~FLAG_MOUNT_POINT });
    ring.entry.side(SIDE_MOUNT, mountKey(mount.mountId), null);
    touchDirectory(executor, walk, parent, { now: Date.now(), delta: -1 });
  }
}
