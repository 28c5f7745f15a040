/**
 * setAttribute of one inode: mode, owner, group, ttl and its action, pin, replication, xattrs.
 * As POSIX and Alluxio: the owner changes the mode, only a superuser the owner; the group is
 * changed by a superuser, or by the owner to a group of theirs; the rest needs WRITE. Below a
 * read-only mount nothing is changed. A whole subtree is a background job of its own.
 * Locks:   WRITE_INODE: waits for what runs below a directory, whose permissions it may change.
 * Entries: one: PUT; SIDE of the xattrs; structural when permissions of a directory change.
 */

import type { Sink } from '../../executor/call.js';
import type { Caller } from '../../executor/caller.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { SIDE_XATTR } from '../../memory/entry-format.js';
import { Bits } from '../../memory/kernel-constants.js';
import { Op } from '../../memory/op-codes.js';
import { FLAG_HAS_XATTR } from '../../memory/record.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';
import {
  decodeXAttrs,
  encodeXAttrs,
  idKey,
  updateXAttrs,
  XAttrUpdate,
} from '../../memory/xattrs.js';
import { lockWriteInode } from '../../path/lock-pattern.js';
import type { PathWalk } from '../../path/path-walk.js';
import { sideKey } from '../../storage/tier2.js';
import {
  checkBits,
  checkOwner,
  checkSuper,
  checkWay,
  checkWritableMount,
} from '../mechanism/access.js';
import {
  type AttributeChange,
  changeFields,
  changesMode,
  changesOther,
  changesPermission,
  checkChange,
} from '../mechanism/attribute-change.js';
import { requireFound } from '../mechanism/failures.js';
import { awaitPath, LoadType } from '../mechanism/loading.js';
import { PathMutation } from '../mechanism/path-mutation.js';

export type SetAttributeOptions = { readonly path: Uint8Array; readonly change: AttributeChange };

export class SetAttribute extends PathMutation {
  readonly name = 'setAttribute';
  protected readonly op: number;
  protected override room = 128 * 1024;
  readonly #options: SetAttributeOptions;

  constructor(caller: Caller, callId: number, options: SetAttributeOptions, sink: Sink) {
    super(caller, callId, options.path, sink);
    this.#options = options;
    this.op = changesPermission(options.change) ? Op.SET_PERMISSION : Op.SET_ATTRIBUTE;
  }

  protected plan(executor: Executor, locks: LockList): void {
    const { walkA } = executor;
    executor.resolve(walkA, this.path);
    checkWay(executor, this.caller, walkA);
    awaitPath(executor, walkA, LoadType.ONCE, this.asked);
    lockWriteInode(walkA, executor.locks, locks);
  }

  protected execute(executor: Executor): boolean {
    const walk = executor.walkA;
    requireFound(walk);
    this.#checkAccess(executor, walk);
    const fields = readRecord(executor.shared.view, walk.record);
    checkChange(walk.text(), this.#options.change, fields);
    const changed = changeFields(executor, fields, this.#options.change);
    executor.ring.entry.putFields(this.#changeXAttrs(executor, changed));
    return true;
  }

  #checkAccess(executor: Executor, walk: PathWalk): void {
    const { change } = this.#options;
    const { depth } = walk;
    const path = walk.text();
    checkWritableMount(executor, walk, depth);
    if (change.owner !== undefined) checkSuper(executor, this.caller, path);
    if (changesMode(change)) checkOwner(executor, this.caller, walk, depth);
    if (change.group !== undefined) {
      checkOwner(executor, this.caller, walk, depth);
      if (!this.caller.groups.includes(change.group)) checkSuper(executor, this.caller, path);
    }
    if (changesOther(change)) checkBits(executor, this.caller, walk, depth, Bits.WRITE);
  }

  /** Adds the side record of the xattrs; returns the record with the flag that says so. */
  #changeXAttrs(executor: Executor, fields: RecordFields): RecordFields {
    const { xattrs, xattrUpdate } = this.#options.change;
    if (xattrs === undefined) return fields;
    const had = (fields.flags & FLAG_HAS_XATTR) !== 0;
    const present = had ? readXAttrs(executor, fields.id) : new Map<string, Uint8Array>();
    const left = updateXAttrs(present, xattrs, xattrUpdate ?? XAttrUpdate.TRUNCATE);
    const key = idKey(fields.id);
    executor.ring.entry.side(SIDE_XATTR, key, left.size === 0 ? null : encodeXAttrs(left));
    const flags = left.size === 0 ? fields.flags & ~FLAG_HAS_XATTR : fields.flags | FLAG_HAS_XATTR;
    return { ...fields, flags };
  }
}

/** The xattrs of an inode that has FLAG_HAS_XATTR. Parks until tier 2 has them. */
export function readXAttrs(executor: Executor, id: number): Map<string, Uint8Array> {
  executor.awaitTier2(id);
  const row = executor.reader.tier2.side.get(sideKey(SIDE_XATTR, idKey(id)));
  return row === undefined ? new Map() : decodeXAttrs(row);
}
