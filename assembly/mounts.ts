/**
 * The mounts as the kernels know them: src/master/executor/executor.ts puts them into its block.
 */
import { EXEC } from './control';
import {
  CONTROL_BASE,
  CONTROL_MOUNT_VERSION,
  EXECUTOR_SHOWN_MOUNTS,
  EXECUTOR_WRITE,
  FLAG_HAS_ORIGIN,
  FLAG_MOUNT_POINT,
  NODE_BYTES,
  NODE_FLAGS,
  NODE_MOUNT_ID,
  SHOWN_MOUNTS_MAX,
  SHOWN_MOUNT_BYTES,
  WALK_DEPTH,
  WALK_NODES,
  WRITE_MOUNT_VERSION,
} from './generated/layout';

/** The known mounts are those of the present table. */
export function mountsStand(): bool {
  const known = load<u32>(EXEC + EXECUTOR_WRITE, WRITE_MOUNT_VERSION);
  return atomic.load<u32>(CONTROL_BASE + CONTROL_MOUNT_VERSION) == known && (known & 1) == 0;
}

/**
 * The SHOWN_MOUNT of the last node of a found walk, whose place in the store is its path below the
 * mount; 0 if it is another (it was moved, or something above it), or not known here.
 */
export function shownMount(walk: usize): usize {
  if (!mountsStand()) return 0;
  const depth = load<u32>(walk, WALK_DEPTH);
  const last = walk + WALK_NODES + depth * NODE_BYTES;
  for (let node = last; node > walk + WALK_NODES; node -= NODE_BYTES) {
    const flags = load<u32>(node, NODE_FLAGS);
    if ((flags & FLAG_MOUNT_POINT) != 0) break;
    if ((flags & FLAG_HAS_ORIGIN) != 0) return 0;
  }
  const id = load<u32>(last, NODE_MOUNT_ID);
  const row = EXEC + EXECUTOR_SHOWN_MOUNTS + (id % SHOWN_MOUNTS_MAX) * SHOWN_MOUNT_BYTES;
  return id != 0 && load<u32>(row) == id ? row : <usize>0;
}
