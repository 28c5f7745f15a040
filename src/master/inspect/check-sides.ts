/**
 * Checks the side records: names, mounts, extended attributes, origins, and the ttls of deleted
 * inodes. Every record must be readable, and must belong to an existing inode that refers to it.
 */

import { readU64 } from '../../base/word64.js';
import * as E from '../memory/entry-format.js';
import {
  FLAG_HAS_ORIGIN,
  FLAG_HAS_XATTR,
  FLAG_MOUNT_POINT,
  RECLAIM_ID,
  TRASH_BIT,
} from '../memory/record.js';
import { decodeXAttrs, encodeXAttrs } from '../memory/xattrs.js';
import { decodeMount, type Mount } from '../mount/mount-table.js';
import { decodeOrigin } from '../mount/store-path.js';
import { sealedValue } from '../storage/sealed-table.js';
import { sideRange } from '../tier/shared-tables.js';
import type { NamesAndMounts } from './check-inodes.js';
import type { ExactState } from './exact-state.js';
import type { Findings } from './findings.js';
import type { InodeIndex } from './inode-index.js';
import { allRows } from './table-rows.js';

/** Names and mounts: small, and asked for with every inode. */
export function checkNamesAndMounts(state: ExactState, findings: Findings): NamesAndMounts {
  const { tier2 } = state;
  const numbers: number[] = [];
  for (const { key, value } of sideRange(tier2, E.SIDE_STRING)) {
    if (value.length === 4) numbers.push(Buffer.from(value).readUInt32LE());
    else findings.add('side-unreadable', 0, `name ${text(key)}`, 'it has no number');
  }
  numbers.sort((a, b) => a - b);
  const odd = numbers.findIndex((number, i) => number !== i + 1);
  if (odd >= 0) {
    const what = `${numbers[odd]} stands where ${odd + 1} should`;
    findings.add('name-number', 0, 'user and group names', what);
  }
  const mounts = new Map<number, Mount>();
  for (const { key, value } of sideRange(tier2, E.SIDE_MOUNT)) {
    const mount = readable(() => decodeMount(value));
    const number = key.length === 4 ? Buffer.from(key).readUInt32LE() : -1;
    if (mount === undefined || mount.mountId !== number) {
      findings.add('side-unreadable', 0, `mount ${number}`, 'it is no mount of that number');
    } else {
      mounts.set(number, mount);
    }
  }
  return { nameCount: numbers.at(-1) ?? 0, mounts };
}

/** Each mount has its mount point. */
export function checkMountPoints(
  mounts: ReadonlyMap<number, Mount>,
  index: InodeIndex,
  findings: Findings,
): void {
  for (const { mountId, inodeId, path } of mounts.values()) {
    const inode = index.find(inodeId);
    const isIt = inode !== undefined && (inode.flags & FLAG_MOUNT_POINT) !== 0;
    if (isIt && inode.mountId === mountId && index.pathOf(inode) === path) continue;
    const what = inode === undefined ? 'does not exist' : `is ${index.pathOf(inode)}`;
    findings.add(
      'mount-point-missing',
      inodeId,
      path,
      `inode ${inodeId} of mount ${mountId} ${what}`,
    );
  }
}

/** One yield a batch. */
export function* checkSides(
  state: ExactState,
  index: InodeIndex,
  findings: Findings,
): Iterable<number> {
  let rows = 0;
  for (const batch of allRows(state.tier2.tables.side)) {
    for (const { key, value } of batch) {
      checkSide(key, sealedValue(value), index, findings);
    }
    rows += batch.length;
    yield rows;
  }
}

function checkSide(
  key: Uint8Array,
  value: Uint8Array,
  index: InodeIndex,
  findings: Findings,
): void {
  const kind = key[0]!;
  if (kind === E.SIDE_STRING || kind === E.SIDE_MOUNT) return;
  const shape = SHAPES[kind];
  const where = `side record ${Buffer.from(key).toString('hex')}`;
  if (shape === undefined) {
    findings.add('side-unreadable', 0, where, `kind ${kind} is not known`);
    return;
  }
  const id = shape.idOf(key.subarray(1), value);
  if (id === undefined || readable(() => shape.read(value)) === undefined) {
    findings.add('side-unreadable', id ?? 0, where, `it is no ${shape.name}`);
    return;
  }
  const inode = index.find(id);
  if (inode === undefined) {
    findings.add('side-orphan', id, where, `the ${shape.name} of an inode that does not exist`);
  } else if (!shape.isKnown(inode)) {
    const what = `it has a ${shape.name}, and does not say so`;
    findings.add('side-unflagged', id, () => index.pathOf(inode), what);
  }
}

type Inode = { readonly flags: number; readonly parentId: number };
type Shape = {
  readonly name: string;
  readonly idOf: (key: Uint8Array, value: Uint8Array) => number | undefined;
  /** Throws, or gives undefined, if the value is not well-formed. */
  readonly read: (value: Uint8Array) => unknown;
  readonly isKnown: (inode: Inode) => boolean;
};

const SHAPES: Readonly<Record<number, Shape>> = {
  [E.SIDE_XATTR]: {
    name: 'set of extended attributes',
    idOf: (key) => idFrom(key),
    read: (value) =>
      Buffer.compare(encodeXAttrs(decodeXAttrs(value)), value) === 0 ? true : undefined,
    isKnown: ({ flags }) => (flags & FLAG_HAS_XATTR) !== 0,
  },
  [E.SIDE_ORIGIN]: {
    name: 'place in a store',
    idOf: (key) => idFrom(key),
    read: (value) => (typeof decodeOrigin(value).path === 'string' ? true : undefined),
    isKnown: ({ flags }) => (flags & FLAG_HAS_ORIGIN) !== 0,
  },
  [E.SIDE_ORIGIN_BACK]: {
    name: 'key of a store',
    idOf: (_key, value) => idFrom(value),
    read: () => true,
    isKnown: ({ flags }) => (flags & FLAG_HAS_ORIGIN) !== 0,
  },
  [E.SIDE_TRASH_TTL]: {
    name: 'ttl from before its deletion',
    idOf: (key) => idFrom(key),
    read: (value) => idFrom(value),
    isKnown: ({ parentId }) => parentId >= TRASH_BIT || parentId === RECLAIM_ID,
  },
};

function idFrom(bytes: Uint8Array): number | undefined {
  if (bytes.length !== 8) return undefined;
  const id = readU64(new DataView(bytes.buffer, bytes.byteOffset, 8), 0);
  return Number.isNaN(id) ? undefined : id;
}

function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
