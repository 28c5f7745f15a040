/**
 * delete: O(1) at any size. The inode moves to the trash shadow of its directory, from where
 * undelete brings it back; without retention (or with skipTrash) to what waits for reclaim.
 * As Alluxio: a directory with children needs `recursive`; nested mount points need
 * `deleteMountPoints` and are unmounted, and then nothing is kept in the trash; the store is not
 * touched (a forced load brings the names of what was reclaimed back; with `alluxioOnly`, which
 * forgets metadata and keeps nothing in the trash, the next load does).
 * Refused: the root, a mount point, anything at or above a read-only mount.
 * Unlike HDFS, permissions inside the subtree are not looked at: that would be O(n).
 * Locks:   WRITE_EDGE: waits for every operation below the directory.
 * Entries: one: REMOVE, PUT in the trash (or reclaim), PARENT; what stood under the same name in
 *          the trash goes to reclaim; SIDE of origin and mounts.
 */

import { Code, StatusError } from '../../../base/status.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { SIDE_MOUNT, SIDE_TRASH_TTL } from '../../memory/entry-format.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';
import { idKey } from '../../memory/xattrs.js';
import { type Mount, mountKey } from '../../mount/mount-table.js';
import type { Origin } from '../../mount/store-path.js';
import { lockWriteEdge } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkRemove, checkWay, checkWritableMount } from '../mechanism/access.js';
import { invalid, requireFound } from '../mechanism/failures.js';
import { awaitChildren, awaitPath, LoadType } from '../mechanism/loading.js';
import { keepOrigin, newOrigin } from '../mechanism/origins.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';
import {
  findInTrash,
  putIntoReclaim,
  putIntoTrash,
  removeForGood,
} from '../mechanism/remove-inode.js';

export type DeleteOptions = {
  readonly path: Uint8Array;
  readonly recursive: boolean;
  readonly skipTrash: boolean;
  readonly deleteMountPoints: boolean;
  readonly alluxioOnly?: boolean;
};

export class Delete extends PathMutation {
  readonly name = 'delete';
  protected readonly op = Op.DELETE;
  protected override room = 64 * 1024;
  readonly #options: DeleteOptions;

  constructor(caller: Caller, callId: number, options: DeleteOptions, sink: Sink) {
    super(caller, callId, options.path, sink);
    this.#options = options;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    checkWay(executor, this.caller, walkA);
    awaitPath(executor, walkA, LoadType.ONCE, this.asked);
    lockWriteEdge(walkA, executor.locks, locks);
  }

  protected execute(executor: Executor): boolean {
    const walk = executor.walkA;
    const path = walk.text();
    if (walk.depth === 0) {
      throw invalid('/', 'Cannot delete the root directory', 'Delete its children instead.');
    }
    requireFound(walk);
    checkRemove(executor, this.caller, walk);
    checkWritableMount(executor, walk, walk.depth);
    const mounts = this.#checkMounts(executor, walk, path);
    if (walk.isDirectory(walk.depth)) this.#checkChildren(executor, walk, path);
    this.#write(executor, walk, mounts);
    return true;
  }

  /** Nested mounts, which go with the directory. */
  #checkMounts(executor: Executor, walk: PathWalk, path: string): readonly Mount[] {
    if ((walk.flags(walk.depth) & R.FLAG_MOUNT_POINT) !== 0) {
      throw invalid(path, `"${path}" is a mount point.`, `Unmount it: orchard unmount ${path}`);
    }
    if (!walk.isDirectory(walk.depth)) return [];
    const nested = executor.mounts.below(path);
    const readOnly = nested.find((mount) => mount.readOnly);
    if (readOnly !== undefined) {
      throw new StatusError(
        Code.PERMISSION_DENIED,
        `Cannot delete "${path}": "${readOnly.path}" is under a readonly mount point.`,
        { path, hint: `Unmount it first: orchard unmount ${readOnly.path}` },
      );
    }
    if (nested.length > 0 && !this.#options.deleteMountPoints) {
      throw new StatusError(
        Code.PERMISSION_DENIED,
        `Cannot delete "${path}": it contains the mount point "${nested[0]!.path}".`,
        { path, hint: 'Unmount it first, or ask for mount points to be deleted too.' },
      );
    }
    return nested;
  }

  #checkChildren(executor: Executor, walk: PathWalk, path: string): void {
    if (this.#options.recursive) return;
    awaitChildren(executor, walk, LoadType.ONCE, this.asked);
    const { length } = readRecord(executor.shared.view, walk.record);
    if (length === 0) return;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `Cannot delete non-empty directory "${path}" because recursive is set to false.`,
      { path, hint: 'Delete recursively (rm -R), or empty it first.' },
    );
  }

  #write(executor: Executor, walk: PathWalk, mounts: readonly Mount[]): void {
    const { shared, ring } = executor;
    const { depth } = walk;
    const now = Date.now();
    const fields = readRecord(shared.view, walk.record);
    const origin = newOrigin(executor, walk);
    const retention = executor.options.trashRetentionMs;
    const parent = depth - 1;
    // A tree that had mounts does not come back: its mount points would have no mount.
    const { skipTrash, alluxioOnly = false } = this.#options;
    if (retention > 0 && !skipTrash && !alluxioOnly && mounts.length === 0) {
      const nameAt = walk.nameAt(depth);
      const replaced = findInTrash(executor, walk.id(parent), nameAt, walk.nameBytes(depth));
      if (replaced !== undefined) this.#dropNamesake(executor, replaced);
      ring.entry.remove(fields.parentId, fields.id, fields.name, 0);
      const flags = keepOrigin(executor, walk, origin);
      putIntoTrash(executor, { ...fields, flags }, now + retention);
    } else {
      // With its origin kept, loads would pass the name by until the reclaimer was there.
      this.#forget(executor, walk, fields, alluxioOnly ? undefined : origin);
    }
    for (const mount of mounts) ring.entry.side(SIDE_MOUNT, mountKey(mount.mountId), null);
    touchDirectory(executor, walk, parent, { now, delta: -1 });
  }

  /** The inode deleted under the same name before leaves the trash. */
  #dropNamesake(executor: Executor, fields: RecordFields): void {
    const { entry } = executor.ring;
    entry.side(SIDE_TRASH_TTL, idKey(fields.id), null);
    if (isGoneAtOnce(fields)) {
      removeForGood(executor, fields);
      return;
    }
    entry.remove(fields.parentId, fields.id, fields.name, 0);
    putIntoReclaim(executor, fields);
  }

  #forget(
    executor: Executor,
    walk: PathWalk,
    fields: RecordFields,
    origin: Origin | undefined,
  ): void {
    if (isGoneAtOnce(fields)) {
      removeForGood(executor, fields);
      return;
    }
    executor.ring.entry.remove(fields.parentId, fields.id, fields.name, 0);
    const flags = keepOrigin(executor, walk, walk.isDirectory(walk.depth) ? origin : undefined);
    putIntoReclaim(executor, { ...fields, flags });
  }
}

/** The reclaimer handles a directory's children, and rows kept by store path. */
const isGoneAtOnce = ({ type, flags }: RecordFields): boolean =>
  type !== R.INODE_TYPE_DIRECTORY && (flags & R.FLAG_HAS_ORIGIN) === 0;
