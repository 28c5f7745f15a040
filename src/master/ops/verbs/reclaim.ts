/**
 * Reclaim: inodes that were deleted for good leave tier 2, a bounded batch an entry. Submitted by
 * background work alone; nothing here has a path any more.
 *
 *   directory D below RECLAIM_ID:   children and shadow children that are files ─▶ gone
 *                                   those that are directories ─▶ below RECLAIM_ID themselves
 *                                   then D itself ─▶ gone
 *
 * Locks:   WRITE of the inode RECLAIM_ID: one batch at a time.
 * Entries: one: REMOVE or REMOVE + PUT of each inode, SIDE of what is kept by its id.
 */

import type { StatusError } from '../../../base/status.js';
import { Mutation, type Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { Side } from '../../lock/lock-table.js';
import {
  SIDE_ORIGIN,
  SIDE_ORIGIN_BACK,
  SIDE_TRASH_TTL,
  SIDE_XATTR,
} from '../../memory/entry-format.js';
import { Op } from '../../memory/op-codes.js';
import * as R from '../../memory/record.js';
import type { RecordFields } from '../../memory/record-fields.js';
import { idKey } from '../../memory/xattrs.js';
import { decodeOrigin, originKey } from '../../mount/store-path.js';
import { sideKey } from '../../storage/tier2.js';
import { lookupByKey } from '../mechanism/key-lookup.js';
import { keyOwner } from '../mechanism/key-owner.js';
import { dropOf, forgetExpiry, putIntoReclaim } from '../mechanism/remove-inode.js';

/** Inodes of one batch: with the longest names and origins they fit an entry. */
export const RECLAIM_BATCH = 100;
const ROOM_BASE = 1024;
/** A PUT, a REMOVE and side records, with an origin of usual length. */
const ROOM_PER_INODE = 2048;

export class Reclaim extends Mutation {
  readonly name = 'reclaim';
  protected readonly op = Op.RECLAIM;
  protected override room: number;
  readonly #inodes: readonly RecordFields[];
  readonly #sink: Sink;

  /** `inodes` as tier 2 had them; directories right below RECLAIM_ID have no children left. */
  constructor(caller: Caller, inodes: readonly RecordFields[], sink: Sink) {
    super(caller, 0);
    this.#inodes = inodes;
    this.#sink = sink;
    this.room = ROOM_BASE + inodes.length * ROOM_PER_INODE;
  }

  protected plan(executor: Executor, locks: LockList): void {
    locks.add(executor.locks.inodeStripe(R.RECLAIM_ID, Side.DIRECTORY), true);
  }

  protected execute(executor: Executor): boolean {
    let changed = false;
    for (const inode of this.#inodes) {
      const now = lookupByKey(executor, inode.parentId, inode.name);
      if (now === undefined || now.id !== inode.id) continue;
      changed = true;
      const isTop = now.parentId === R.RECLAIM_ID;
      if (now.type === R.INODE_TYPE_DIRECTORY && !isTop) {
        executor.ring.entry.remove(now.parentId, now.id, now.name, 0);
        putIntoReclaim(executor, { ...now, flags: now.flags & ~R.FLAG_MOUNT_POINT });
      } else {
        removeWithSides(executor, now);
      }
    }
    if (!changed) this.#sink.empty(0);
    return changed;
  }

  override complete(_executor: Executor, _entry: number, seq: number): void {
    this.#sink.empty(seq);
  }

  protected repeat(_executor: Executor, _inodeId: number, seq: number): void {
    this.#sink.empty(seq);
  }

  fail(error: StatusError): void {
    this.#sink.fail(error);
  }

  describe(): string {
    return `${this.#inodes.length} inodes`;
  }
}

/** Adds: the inode goes, with all that is kept by its id. Parks while its origin is not flushed. */
function removeWithSides(executor: Executor, inode: RecordFields): void {
  const { entry } = executor.ring;
  const key = idKey(inode.id);
  entry.remove(inode.parentId, inode.id, inode.name, dropOf(inode));
  forgetExpiry(executor, inode);
  if ((inode.flags & R.FLAG_HAS_XATTR) !== 0) entry.side(SIDE_XATTR, key, null);
  const wasInTrash = R.isHiddenParent(inode.parentId);
  if (!wasInTrash && (inode.flags & R.FLAG_HAS_ORIGIN) === 0) return;
  executor.awaitTier2(inode.id);
  const { side } = executor.reader.tier2;
  if (side.get(sideKey(SIDE_TRASH_TTL, key)) !== undefined) entry.side(SIDE_TRASH_TTL, key, null);
  if ((inode.flags & R.FLAG_HAS_ORIGIN) === 0) return;
  const row = side.get(sideKey(SIDE_ORIGIN, key));
  if (row === undefined) return;
  entry.side(SIDE_ORIGIN, key, null);
  const origin = decodeOrigin(row);
  if (keyOwner(executor, origin) !== inode.id) return;
  entry.side(SIDE_ORIGIN_BACK, originKey(origin.mountId, origin.path), null);
}
