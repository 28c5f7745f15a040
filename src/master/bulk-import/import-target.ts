/**
 * The target of an import: an empty directory of a namespace without a master, and its records in
 * tier 2. Renames and deletes elsewhere do not matter, nor does the trash of the directory.
 * moved-names.ts handles names below it that were moved away.
 */

import { Code, StatusError } from '../../base/status.js';
import { SIDE_MOUNT, SIDE_ORIGIN, SIDE_STRING } from '../memory/entry-format.js';
import { CONTROL } from '../memory/layout.js';
import * as R from '../memory/record.js';
import { type RecordFields, readRecord, writeRecord } from '../memory/record-fields.js';
import { idKey } from '../memory/xattrs.js';
import { decodeMount, type Mount } from '../mount/mount-table.js';
import { decodeOrigin, type Origin, storePath } from '../mount/store-path.js';
import { sideKey, type Tier2 } from '../storage/tier2.js';
import { sideRange } from '../tier/shared-tables.js';
import type { ImportKernel } from './import-kernel.js';
import { ownerOf } from './moved-names.js';

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
  /** Directories above it that only the namespace had until now. */
  readonly unpersisted: readonly Found[];
  readonly mount: Mount;
  /** Where the store has the directory. */
  readonly storePath: string;
};

export type Found = { readonly record: RecordFields; readonly key: Uint8Array };
type Step = Found & { readonly depth: number };

/** Throws a StatusError that says why nothing can be imported there. */
export function findTarget(
  tier2: Tier2,
  kernel: ImportKernel,
  path: string,
  { mayHaveChildren }: { readonly mayHaveChildren: boolean },
): ImportTarget {
  const steps = walk(tier2, kernel, path);
  const { record, key } = steps.at(-1)!;
  const mount = [...sideRange(tier2, SIDE_MOUNT)]
    .map(({ value }) => decodeMount(value))
    .find(({ mountId }) => mountId === record.mountId);
  if (mount === undefined) throw missing(path);
  if (!mayHaveChildren) refuseTaken(tier2, kernel, path, record.id);
  const inStore = storePath(path, mount.path, originOf(tier2, steps));
  refuseMoved(tier2, steps, path, { mountId: mount.mountId, path: inStore });
  const unpersisted = unpersistedAbove(steps);
  return { path, depth: steps.length - 1, record, key, unpersisted, mount, storePath: inStore };
}

/** The directories from the root to the path. */
function walk(tier2: Tier2, kernel: ImportKernel, path: string): Step[] {
  const steps: Step[] = [];
  const names = ['', ...path.split('/').filter((name) => name !== '')];
  for (const [depth, name] of names.entries()) {
    const found = lookup(tier2, kernel, steps.at(-1)?.record.id ?? 0, name);
    if (found?.record.type !== R.INODE_TYPE_DIRECTORY) throw missing(path);
    steps.push({ ...found, depth });
  }
  return steps;
}

/** A directory with contents from the store is in the store itself, so it keeps its place there. */
function unpersistedAbove(steps: readonly Step[]): Step[] {
  const bits = R.FLAG_PERSISTED | R.FLAG_MOUNT_POINT;
  const last = steps.findLastIndex(({ record }) => (record.flags & bits) !== 0);
  return steps.slice(last + 1, -1);
}

/** Of the deepest directory that was moved, as operations find it (ops/mechanism/origins.ts). */
function originOf(
  tier2: Tier2,
  steps: readonly Step[],
): { readonly depth: number; readonly at: Origin } | undefined {
  for (const { record, depth } of steps.toReversed()) {
    if ((record.flags & R.FLAG_MOUNT_POINT) !== 0) return undefined;
    if ((record.flags & R.FLAG_HAS_ORIGIN) === 0) continue;
    const row = tier2.side.get(sideKey(SIDE_ORIGIN, idKey(record.id)));
    return row && { depth, at: decodeOrigin(row) };
  }
  return undefined;
}

/** The store has there a directory that was renamed or deleted in the namespace. */
function refuseMoved(tier2: Tier2, steps: readonly Step[], path: string, at: Origin): void {
  for (let end = at.path.length; end > 0; end = at.path.lastIndexOf('/', end - 1)) {
    const owner = ownerOf(tier2, at.mountId, at.path.slice(0, end));
    if (owner === undefined) continue;
    if (steps.some(({ record }) => Buffer.compare(idKey(record.id), owner) === 0)) continue;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      `What the store has at "${at.path.slice(0, end)}" was renamed or deleted.`,
      { path, hint: 'Import into the directory that it is now, or undelete it.' },
    );
  }
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
): Found | undefined {
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

/** Keys of a directory's children, those of its trash left out, which stand right behind. */
export function childKeys(kernel: ImportKernel, id: number): readonly [Uint8Array, Uint8Array] {
  const start = idPrefix(kernel, id);
  return [start, Uint8Array.of(...start, R.SHADOW_MARK)];
}

function refuseTaken(tier2: Tier2, kernel: ImportKernel, path: string, id: number): void {
  const [start, end] = childKeys(kernel, id);
  for (const _ of tier2.inodes.getKeys({ start, end, limit: 1 })) {
    throw new StatusError(Code.FAILED_PRECONDITION, `"${path}" is not empty.`, {
      path,
      hint: 'Import into an empty directory, or use `orchard load -R` for what is missing.',
    });
  }
}

const missing = (path: string): StatusError =>
  new StatusError(Code.NOT_FOUND, `"${path}" is no directory of the namespace.`, {
    path,
    hint: 'Start the master, mount the store there (orchard mount), and stop the master again.',
  });
