/**
 * Keeps the link from a moved inode to its data in the store: every operation that moves a
 * persisted inode adds these changes to its entry. See mount/store-path.ts.
 */

import type { Executor } from '../../executor/executor.js';
import { SIDE_ORIGIN, SIDE_ORIGIN_BACK } from '../../memory/entry-format.js';
import { FLAG_HAS_ORIGIN, FLAG_MOUNT_POINT, FLAG_PERSISTED } from '../../memory/record.js';
import { idKey } from '../../memory/xattrs.js';
import {
  decodeOrigin,
  encodeOrigin,
  type Origin,
  originKey,
  storePath,
} from '../../mount/store-path.js';
import type { PathWalk } from '../../path/path-walk.js';
import { sideKey } from '../../storage/tier2.js';

/**
 * The place in the store of the last node of a found walk. Parks while an origin is not flushed.
 */
export function originOf(executor: Executor, walk: PathWalk, node: number = walk.depth): Origin {
  const mountId = walk.mountId(Math.min(node, walk.next - 1));
  const mount = executor.mounts.byId(mountId);
  const path = walk.text(node);
  let origin: { depth: number; at: Origin } | undefined;
  for (let depth = Math.min(node, walk.next - 1); depth > 0; depth--) {
    if ((walk.flags(depth) & FLAG_MOUNT_POINT) !== 0) break;
    if ((walk.flags(depth) & FLAG_HAS_ORIGIN) === 0) continue;
    origin = { depth, at: readOrigin(executor, walk.id(depth)) };
    break;
  }
  return { mountId, path: storePath(path, mount?.path ?? '/', origin) };
}

/** The side record of an inode that has FLAG_HAS_ORIGIN. */
export function readOrigin(executor: Executor, id: number): Origin {
  executor.awaitTier2(id);
  const row = executor.reader.tier2.side.get(sideKey(SIDE_ORIGIN, idKey(id)));
  if (row === undefined) throw new Error(`inode ${id} has no origin record`);
  return decodeOrigin(row);
}

/**
 * Adds the origin of the walk's last node to the open entry if the store has it and it has none
 * yet. Returns the flags that its record must have from now on.
 */
export function keepOrigin(executor: Executor, walk: PathWalk, origin: Origin | undefined): number {
  const flags = walk.flags(walk.depth);
  if (origin === undefined) return flags;
  const { entry } = executor.ring;
  const id = idKey(walk.id(walk.depth));
  entry.side(SIDE_ORIGIN, id, encodeOrigin(origin));
  entry.side(SIDE_ORIGIN_BACK, originKey(origin.mountId, origin.path), id);
  return flags | FLAG_HAS_ORIGIN;
}

/** The origin that a move must record, or undefined. Called before the entry is begun. */
export function newOrigin(executor: Executor, walk: PathWalk): Origin | undefined {
  const flags = walk.flags(walk.depth);
  if ((flags & FLAG_PERSISTED) === 0 || (flags & FLAG_HAS_ORIGIN) !== 0) return undefined;
  return originOf(executor, walk);
}
