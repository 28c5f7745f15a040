/**
 * What an operation locks along its path. By example, for /a/b/c ("R" read, "W" write; an inode
 * by its name, an edge as parent→name):
 *
 *   pattern      /a/b/c exists                              only /a exists
 *   READ         R / /→a a a→b b b→c c                      R / /→a a a→b
 *   WRITE_INODE  R / /→a a a→b b b→c        W c             as READ: there is no inode to write
 *   WRITE_EDGE   R / /→a a a→b b            W b→c           R / /→a a       W a→b
 *
 * WRITE_EDGE takes the edge to the last name whether or not it exists; where whole directories
 * are missing it takes the first missing edge, since all that a recursive create makes hangs on
 * it. Creates in one directory write different edges and read one inode: they run in parallel.
 * A rename, a delete or a change of permissions of a directory writes what everything below it
 * reads: it waits for operations below, and they for it. Floor 4.
 */
import type { LockList } from '../lock/lock-list.js';
import type { LockTable } from '../lock/lock-table.js';
import type { PathWalk } from './path-walk.js';

export function lockRead(walk: PathWalk, table: LockTable, list: LockList): void {
  readDown(walk, table, list, walk.next - 1);
  if (walk.next <= walk.depth) list.add(table.edgeStripe(walk.edgeHash(walk.next)), false);
}

export function lockWriteInode(walk: PathWalk, table: LockTable, list: LockList): void {
  if (!walk.found) {
    lockRead(walk, table, list);
    return;
  }
  const last = walk.next - 1;
  readDown(walk, table, list, last - 1);
  if (last > 0) list.add(table.edgeStripe(walk.edgeHash(last)), false);
  list.add(table.inodeStripe(walk.id(last)), true);
}

export function lockWriteEdge(walk: PathWalk, table: LockTable, list: LockList): void {
  const edge = Math.min(walk.next, walk.depth);
  readDown(walk, table, list, edge - 1);
  list.add(table.edgeStripe(walk.edgeHash(edge)), true);
}

/** Read locks on nodes 0 … last and on the edges between them. */
function readDown(walk: PathWalk, table: LockTable, list: LockList, last: number): void {
  for (let node = 0; node <= last; node++) {
    if (node > 0) list.add(table.edgeStripe(walk.edgeHash(node)), false);
    list.add(table.inodeStripe(walk.id(node)), false);
  }
}
