/**
 * Changes that take an inode out of the namespace: into the trash shadow of its directory, below
 * RECLAIM_ID, or out for good. All are O(1), because the tree below a directory keeps hanging on
 * its id. Used by delete, unmount, overwriting renames and the reclaimer.
 *
 *   (p, "b")  ──delete──▶  (p | TRASH_BIT, "b")  ──expiry──▶  (RECLAIM_ID, id)  ──▶  nothing
 */

import { writeWord64 } from '../../../base/word64.js';
import type { Executor } from '../../executor/executor.js';
import {
  PUT_CROSSES,
  REMOVE_DIRECTORY,
  REMOVE_DROP_ID,
  SIDE_EXPIRY_DONE,
  SIDE_ORIGIN,
  SIDE_TRASH_TTL,
  SIDE_XATTR,
} from '../../memory/entry-format.js';
import { expiryOf } from '../../memory/expiry.js';
import * as R from '../../memory/record.js';
import { type RecordFields, readRecord } from '../../memory/record-fields.js';
import { idKey } from '../../memory/xattrs.js';
import { expiryKey } from '../../storage/expiry-index.js';

/** Name of inode `id` below RECLAIM_ID: 8 bytes big-endian. */
export function reclaimName(id: number): Uint8Array {
  const name = new Uint8Array(8);
  const view = new DataView(name.buffer);
  view.setUint32(0, Math.floor(id / 0x1_0000_0000));
  view.setUint32(4, id >>> 0);
  return name;
}

/** Adds: the inode hangs below RECLAIM_ID. The caller removes its old edge. */
export function putIntoReclaim(executor: Executor, fields: RecordFields): void {
  forgetExpiry(executor, fields);
  const { id, parentId } = fields;
  const name = reclaimName(id);
  const reclaimed = { ...fields, parentId: R.RECLAIM_ID, name, ttlMs: -1 };
  executor.ring.entry.putFields(reclaimed, R.isHiddenParent(parentId) ? 0 : PUT_CROSSES);
}

/** Adds: the inode hangs in the trash shadow of its directory until `expiryMs`. */
export function putIntoTrash(executor: Executor, fields: RecordFields, expiryMs: number): void {
  const { entry } = executor.ring;
  if (fields.ttlMs >= 0) {
    const ttl = new Uint8Array(8);
    writeWord64(new DataView(ttl.buffer), 0, fields.ttlMs);
    entry.side(SIDE_TRASH_TTL, idKey(fields.id), ttl);
  }
  const trashed = { ...fields, parentId: trashOf(fields.parentId), ttlMs: expiryMs };
  entry.putFields(trashed, PUT_CROSSES);
}

/** Flags of the REMOVE that ends an inode. */
export function dropOf({ type }: RecordFields): number {
  return REMOVE_DROP_ID | (type === R.INODE_TYPE_DIRECTORY ? REMOVE_DIRECTORY : 0);
}

/** Adds: a file or an empty directory is gone for good, with all side records of its id. */
export function removeForGood(executor: Executor, fields: RecordFields): void {
  const { entry } = executor.ring;
  entry.remove(fields.parentId, fields.id, fields.name, dropOf(fields));
  forgetExpiry(executor, fields);
  if ((fields.flags & R.FLAG_HAS_XATTR) !== 0) entry.side(SIDE_XATTR, idKey(fields.id), null);
  if ((fields.flags & R.FLAG_HAS_ORIGIN) !== 0) entry.side(SIDE_ORIGIN, idKey(fields.id), null);
}

/**
 * Adds: nobody needs to look when the inode's time is up, since it never comes back. Without this
 * the index would keep a row for each deletion of the last day, whatever became of it.
 */
export function forgetExpiry(executor: Executor, fields: RecordFields): void {
  const expiryMs = expiryOf(fields);
  if (expiryMs === undefined || !Number.isSafeInteger(expiryMs)) return;
  executor.ring.entry.side(SIDE_EXPIRY_DONE, expiryKey({ expiryMs, id: fields.id }), null);
}

/** The trash shadow of a directory. */
export const trashOf = (parentId: number): number => parentId + R.TRASH_BIT;

/** The record with that name in the trash shadow of a directory, or undefined. */
export function findInTrash(
  executor: Executor,
  parentId: number,
  nameAt: number,
  nameBytes: number,
): RecordFields | undefined {
  const { reader, walkB, shared } = executor;
  const out = walkB.record;
  const found = reader.lookup(trashOf(parentId), nameAt, nameBytes, out, walkB.at);
  return found ? readRecord(shared.view, out) : undefined;
}
