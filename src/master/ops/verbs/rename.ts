/**
 * rename: POSIX rename(2) within one mount, O(1) for directories of any size: one edge moves, what
 * hangs below keeps hanging on the inode's id. Id, ttl, xattrs, pin and times of the inode stay;
 * both parents' mtimes change. An existing destination is refused, as Alluxio does, unless it is a
 * file and `overwrite` is set. Renaming a path to itself changes nothing.
 * Refused: the root, mount points and directories that hold one, below itself, across mounts,
 * read-only mounts.
 * Locks:   WRITE_EDGE on source and destination, all at once: crossing renames wait for each
 *          other, and the second finds the tree as the first left it, so no cycle can arise.
 * Entries: one: PUT under the new key, REMOVE of the old one, PARENT of both. Of a file to a new
 *          name both keys change as one; anything else is structural, since walks pass through a
 *          directory, and a file that is replaced must not be missed in between.
 */

import { Code, StatusError } from '../../../base/status.js';
import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { PUT_MOVES } from '../../memory/entry-format.js';
import { Bits } from '../../memory/kernel-constants.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import { readRecord } from '../../memory/record-fields.js';
import { lockWriteEdge } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { checkBits, checkRemove, checkWay, checkWritableMount } from '../mechanism/access.js';
import {
  alreadyExists,
  invalid,
  isBelowFile,
  notDirectory,
  notFound,
} from '../mechanism/failures.js';
import { awaitPath, LoadType, nothingAsked } from '../mechanism/loading.js';
import { keepOrigin, newOrigin } from '../mechanism/origins.js';
import { PathMutation, touchDirectory } from '../mechanism/path-mutation.js';
import { putIntoReclaim, removeForGood } from '../mechanism/remove-inode.js';

export type RenameOptions = {
  readonly source: Uint8Array;
  readonly target: Uint8Array;
  /** Replace an existing file. */
  readonly overwrite: boolean;
};

export class Rename extends PathMutation {
  readonly name = 'rename';
  protected op: number = Op.RENAME;
  protected override room = 64 * 1024;
  readonly #options: RenameOptions;
  readonly #askedTarget = nothingAsked();

  constructor(caller: Caller, callId: number, options: RenameOptions, sink: Sink) {
    super(caller, callId, options.source, sink);
    this.#options = options;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA, walkB } = executor;
    executor.resolve(walkA, this.path);
    checkWay(executor, this.caller, walkA);
    awaitPath(executor, walkA, LoadType.ONCE, this.asked);
    executor.resolve(walkB, this.#options.target);
    checkWay(executor, this.caller, walkB);
    awaitPath(executor, walkB, LoadType.ONCE, this.#askedTarget);
    // If a rename came between two walks, they see two states: the second must still be valid.
    if (executor.kernel.walkStands(walkA.at) === 0) executor.walkAgain(walkA);
    lockWriteEdge(walkA, executor.locks, locks);
    lockWriteEdge(walkB, executor.locks, locks);
    const isPlain = walkA.found && walkA.isFile(walkA.depth) && !walkB.found;
    this.op = isPlain ? Op.RENAME_FILE : Op.RENAME;
  }

  protected execute(executor: Executor): boolean {
    const { walkA: source, walkB: target } = executor;
    this.#checkSource(executor, source, target);
    if (source.isPrefixOf(target) && source.depth === target.depth) {
      this.sink.empty(0);
      return false;
    }
    this.#checkCycle(source, target);
    this.#checkTarget(executor, source, target);
    this.#write(executor, source, target);
    return true;
  }

  override describe(): string {
    return `${super.describe()} → ${new TextDecoder().decode(this.#options.target)}`;
  }

  #checkSource(executor: Executor, source: PathWalk, target: PathWalk): void {
    if (source.depth === 0) {
      throw invalid('/', 'The root directory cannot be renamed', 'Rename its children instead.');
    }
    if (target.depth === 0) {
      const reason = `Cannot rename "${source.text()}" to the root directory`;
      throw invalid('/', reason, 'Give a path below the root.');
    }
    if (!source.found) throw notFound(source);
    checkRemove(executor, this.caller, source);
    checkWritableMount(executor, source, source.depth);
    this.#checkMounts(executor, source);
  }

  #checkMounts(executor: Executor, source: PathWalk): void {
    const path = source.text();
    if ((source.flags(source.depth) & R.FLAG_MOUNT_POINT) !== 0) {
      throw invalid(path, `"${path}" is a mount point.`, 'Unmount it and mount it elsewhere.');
    }
    if (!source.isDirectory(source.depth)) return;
    const nested = executor.mounts.below(path)[0];
    if (nested === undefined) return;
    const reason = `"${path}" contains the mount point "${nested.path}".`;
    throw invalid(path, reason, `Unmount it first: orchard unmount ${nested.path}`);
  }

  #checkCycle(source: PathWalk, target: PathWalk): void {
    if (!source.isPrefixOf(target)) return;
    const from = source.text();
    if (!source.isDirectory(source.depth)) throw notDirectory(target);
    const reason = `Cannot rename because "${from}" is a prefix of "${target.text()}"`;
    throw invalid(from, reason, 'A directory cannot move below itself.');
  }

  #checkTarget(executor: Executor, source: PathWalk, target: PathWalk): void {
    const { depth } = target;
    if (isBelowFile(target)) throw notDirectory(target);
    if (!target.found && target.next < depth) throw this.#noParent(target);
    const parent = depth - 1;
    checkWritableMount(executor, target, parent);
    checkBits(executor, this.caller, target, parent, Bits.WRITE | Bits.EXECUTE);
    if (target.found) this.#checkReplaced(executor, source, target);
    if (source.mountId(source.depth) !== target.mountId(parent)) {
      const path = source.text();
      const reason = `Renaming "${path}" to "${target.text()}" is a cross mount operation`;
      throw invalid(path, reason, 'Copy it and delete the original: orchard cp, orchard rm.');
    }
  }

  #checkReplaced(executor: Executor, source: PathWalk, target: PathWalk): void {
    const path = target.text();
    if ((target.flags(target.depth) & R.FLAG_MOUNT_POINT) !== 0) {
      throw invalid(path, `"${path}" is a mount point.`, 'Choose another destination.');
    }
    const files = source.isFile(source.depth) && target.isFile(target.depth);
    if (!this.#options.overwrite || !files) {
      const which = `src: ${source.text()} dst: ${path}`;
      const reason = `Cannot rename because destination already exists. ${which}`;
      throw alreadyExists(target, reason, 'Delete the destination, or choose another one.');
    }
    checkRemove(executor, this.caller, target);
  }

  #noParent(target: PathWalk): StatusError {
    const parent = target.text(target.depth - 1);
    return new StatusError(
      Code.NOT_FOUND,
      `Cannot rename: the destination's parent "${parent}" does not exist.`,
      { path: target.text(), hint: `Create it first: orchard mkdir -p ${parent}` },
    );
  }

  #write(executor: Executor, source: PathWalk, target: PathWalk): void {
    const { shared, ring } = executor;
    const now = Date.now();
    const fields = readRecord(shared.view, source.record);
    const origin = newOrigin(executor, source);
    if (target.found) {
      const replaced = readRecord(shared.view, target.record);
      if ((replaced.flags & R.FLAG_HAS_ORIGIN) === 0) removeForGood(executor, replaced);
      else putIntoReclaim(executor, replaced);
    }
    const targetParent = target.depth - 1;
    const sourceParent = source.depth - 1;
    const flags = keepOrigin(executor, source, origin);
    const parentId = target.id(targetParent);
    const moved = { ...fields, flags, parentId, name: target.name(target.depth) };
    ring.entry.putFields(moved, target.found ? 0 : PUT_MOVES);
    ring.entry.remove(fields.parentId, fields.id, fields.name, 0);
    const arrived = target.found ? 0 : 1;
    if (source.id(sourceParent) === parentId) {
      touchDirectory(executor, source, sourceParent, { now, delta: arrived - 1 });
    } else {
      touchDirectory(executor, source, sourceParent, { now, delta: -1 });
      touchDirectory(executor, target, targetParent, { now, delta: arrived });
    }
  }
}
