/** Shared by the plans of create, remove and rename. */
import { EXEC } from './control';
import {
  CALLER_SUPER,
  EXECUTOR_CALLER,
  EXECUTOR_WRITE,
  FLAG_CHILDREN_LOADED,
  FLAG_HAS_ORIGIN,
  FLAG_PERSISTED,
  INODE_TYPE_FILE,
  MODE_STICKY,
  NODE_BYTES,
  NODE_FLAGS,
  NODE_GROUP,
  NODE_MODE,
  NODE_MOUNT_ID,
  NODE_OWNER,
  NODE_TYPE,
  PERMIT_EXECUTE,
  PERMIT_WRITE,
  WALK_ABSENT,
  WALK_DEPTH,
  WALK_FOUND,
  WALK_MISS,
  WALK_NEXT,
  WALK_NODES,
  WRITE_MOUNTS_MAX,
  WRITE_READ_ONLY,
  WRITE_SLOW_PATH,
} from './generated/layout';
import { deniedAt, permits } from './permission';
import { walk as walkPath } from './tier-walk';

/** Go on; serveWrite never returns it. */
export const READY: i32 = 5;

// @ts-ignore: decorator
@inline
export function nodeOf(walk: usize, index: u32): usize {
  return walk + WALK_NODES + index * NODE_BYTES;
}

/** Walks to a name that must be new: READY, `miss`, or WRITE_SLOW_PATH. */
export function walkToNew(walk: usize, miss: i32): i32 {
  const status = walkPath(walk);
  if (status == WALK_MISS) return miss;
  const depth = load<u32>(walk, WALK_DEPTH);
  if (status != WALK_ABSENT || load<u32>(walk, WALK_NEXT) != depth) return WRITE_SLOW_PATH;
  const parent = nodeOf(walk, depth - 1);
  // Its store may have the name.
  if ((load<u32>(parent, NODE_FLAGS) & FLAG_CHILDREN_LOADED) == 0) return WRITE_SLOW_PATH;
  if (!permitsNode(parent, PERMIT_WRITE | PERMIT_EXECUTE)) return WRITE_SLOW_PATH;
  if (!isWritable(parent)) return WRITE_SLOW_PATH;
  return mayPass(walk, depth) ? READY : WRITE_SLOW_PATH;
}

/** Walks to a file that leaves its name: READY, `miss`, or WRITE_SLOW_PATH. */
export function walkToOld(walk: usize, miss: i32): i32 {
  const status = walkPath(walk);
  if (status == WALK_MISS) return miss;
  const depth = load<u32>(walk, WALK_DEPTH);
  if (status != WALK_FOUND || depth == 0) return WRITE_SLOW_PATH;
  const node = nodeOf(walk, depth);
  if (load<u8>(node, NODE_TYPE) != INODE_TYPE_FILE || !isWritable(node)) return WRITE_SLOW_PATH;
  // The place of its data in the store would have to be recorded.
  const flags = load<u32>(node, NODE_FLAGS);
  if ((flags & FLAG_PERSISTED) != 0 && (flags & FLAG_HAS_ORIGIN) == 0) return WRITE_SLOW_PATH;
  const parent = nodeOf(walk, depth - 1);
  if (!permitsNode(parent, PERMIT_WRITE)) return WRITE_SLOW_PATH;
  const isSticky = (u32(load<u16>(parent, NODE_MODE)) & MODE_STICKY) != 0;
  if (isSticky && load<u32>(EXEC + EXECUTOR_CALLER, CALLER_SUPER) == 0) return WRITE_SLOW_PATH;
  return mayPass(walk, depth) ? READY : WRITE_SLOW_PATH;
}

function mayPass(walk: usize, depth: u32): bool {
  return deniedAt(walk, i32(depth) - 1, EXEC + EXECUTOR_CALLER) < 0;
}

function permitsNode(node: usize, bits: u32): bool {
  const owner = load<u32>(node, NODE_OWNER);
  const group = load<u32>(node, NODE_GROUP);
  return permits(load<u16>(node, NODE_MODE), owner, group, EXEC + EXECUTOR_CALLER, bits) != 0;
}

function isWritable(node: usize): bool {
  const mount = load<u32>(node, NODE_MOUNT_ID);
  if (mount >= WRITE_MOUNTS_MAX) return false;
  const bits = u32(load<u8>(EXEC + EXECUTOR_WRITE + (mount >> 3), WRITE_READ_ONLY));
  return ((bits >> (mount & 7)) & 1) == 0;
}
