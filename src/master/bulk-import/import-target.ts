/**
 * Where an import goes: an empty directory of a namespace at rest, and what tier 2 says about it.
 */

import { Code, StatusError } from '../../base/status.js';
import { SIDE_MOUNT, SIDE_ORIGIN_BACK, SIDE_STRING } from '../memory/entry-format.js';
import { CONTROL } from '../memory/layout.js';
import * as R from '../memory/record.js';
import { type RecordFields, readRecord, writeRecord } from '../memory/record-fields.js';
import { decodeMount, type Mount, relativeTo } from '../mount/mount-table.js';
import { originKey } from '../mount/store-path.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';
import { sideRange } from '../tier/shared-tables.js';
import type { ImportKernel } from './import-kernel.js';

const encoder = new TextEncoder();
const KEY_AT = 0;
const VALUE_AT = 1024;
const RECORD_AT = 4096;

export type ImportTarget = {
  readonly path: string;
  readonly depth: number;
  readonly record: RecordFields;
  /** Of the record in tier 2. */
  readonly key: Uint8Array;
  readonly mount: Mount;
  /** Where the store has the directory. */
  readonly storePath: string;
};

/** Throws a StatusError that says why nothing can be imported there. */
export function findTarget(
  tier2: Tier2,
  kernel: ImportKernel,
  path: string,
  { mayHaveChildren }: { readonly mayHaveChildren: boolean },
): ImportTarget {
  const names = path.split('/').filter((name) => name !== '');
  let found = lookup(tier2, kernel, 0, '');
  for (const name of names) {
    const { record } = found ?? {};
    if (record === undefined || record.type !== R.INODE_TYPE_DIRECTORY) break;
    if ((record.flags & R.FLAG_HAS_ORIGIN) !== 0) throw wasMoved(path);
    found = lookup(tier2, kernel, record.id, name);
  }
  if (found === undefined) throw missing(path);
  const { record, key } = found;
  if (record.type !== R.INODE_TYPE_DIRECTORY) throw missing(path);
  if ((record.flags & R.FLAG_HAS_ORIGIN) !== 0) throw wasMoved(path);
  const mount = [...sideRange(tier2, SIDE_MOUNT)]
    .map(({ value }) => decodeMount(value))
    .find(({ mountId }) => mountId === record.mountId);
  if (mount === undefined) throw missing(path);
  if (!mayHaveChildren) refuseTaken(tier2, kernel, path, { id: record.id, mountId: mount.mountId });
  const storePath = relativeTo(path, mount.path);
  return { path, depth: names.length, record, key, mount, storePath };
}

/** The value of a record under its key. */
export function encodeTarget(
  { shared, kernel }: ImportKernel,
  key: Uint8Array,
  record: RecordFields,
): Uint8Array {
  const base = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
  shared.u8.set(key, base + KEY_AT);
  writeRecord(shared.view, base + RECORD_AT, record);
  const at = base + VALUE_AT;
  const bytes = kernel.encodeValue(base + KEY_AT, key.length, base + RECORD_AT, at);
  return shared.u8.slice(at, at + bytes);
}

/** Order-preserving bytes of an id: where the keys of its children begin. */
export function idPrefix({ shared, kernel }: ImportKernel, id: number): Uint8Array {
  const at = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
  return shared.u8.slice(at, at + kernel.encodeId(id, at));
}

/** Numbers of the user and group names that the namespace knows. */
export function knownNames(tier2: Tier2): Map<string, number> {
  const names = new Map([['', 0]]);
  for (const { key, value } of sideRange(tier2, SIDE_STRING)) {
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    names.set(new TextDecoder().decode(key), view.getUint32(0, true));
  }
  return names;
}

function lookup(
  tier2: Tier2,
  { shared, kernel }: ImportKernel,
  parentId: number,
  name: string,
): { readonly record: RecordFields; readonly key: Uint8Array } | undefined {
  const base = shared.fixed(CONTROL.FLUSH_ARENA_BASE);
  const bytes = encoder.encode(name);
  shared.u8.set(bytes, base + RECORD_AT);
  const keyBytes = kernel.encodeKey(parentId, base + RECORD_AT, bytes.length, base + KEY_AT);
  const key = shared.u8.slice(base + KEY_AT, base + KEY_AT + keyBytes);
  const value = tier2.inodes.getBinary(key);
  if (value === undefined) return undefined;
  shared.u8.set(value, base + VALUE_AT);
  const at = base + RECORD_AT;
  if (kernel.decodeRecord(base + KEY_AT, keyBytes, base + VALUE_AT, value.length, at) === 0) {
    throw new StatusError(Code.DATA_LOSS, `The record of "${name}" is damaged.`, {
      hint: 'Restore a backup, or import into a new data directory.',
    });
  }
  return { record: readRecord(shared.view, at), key };
}

/** Something is there, or was: what a load would take care of, an import does not look at. */
function refuseTaken(
  tier2: Tier2,
  kernel: ImportKernel,
  path: string,
  { id, mountId }: { readonly id: number; readonly mountId: number },
): void {
  const start = idPrefix(kernel, id);
  const end = idPrefix(kernel, id + 1);
  for (const _ of tier2.inodes.getKeys({ start, end, limit: 1 })) {
    throw new StatusError(Code.FAILED_PRECONDITION, `"${path}" is not empty.`, {
      path,
      hint: 'Import into an empty directory, or use `orchard load -R` for what is missing.',
    });
  }
  const moved = sideKey(SIDE_ORIGIN_BACK, originKey(mountId, ''));
  const behind = sideKey(SIDE_ORIGIN_BACK, originKey(mountId + 1, ''));
  for (const key of tier2.side.getKeys({ start: moved, end: behind, limit: 1 })) {
    if (Buffer.compare(key.subarray(0, moved.length), moved) !== 0) continue;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      'Files of this mount were renamed or deleted, and an import would bring them back.',
      { path, hint: 'Use `orchard load -R`, which knows of them.' },
    );
  }
}

const missing = (path: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `"${path}" is no directory of the namespace.`, {
    path,
    hint: 'Start the master, mount the store there (orchard mount), and stop the master again.',
  });

const wasMoved = (path: string): StatusError =>
  new StatusError(Code.FAILED_PRECONDITION, `"${path}" was renamed since it was loaded.`, {
    path,
    hint: 'Import into the mount point itself, or use `orchard load -R`.',
  });
