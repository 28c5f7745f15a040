/**
 * What an operation locks along its path. By example, for /a/b/c ("R" read, "W" write; an inode
 * by its name, an edge as parent→name):
 *
 *   pattern      /a/b/c exists                              only /a exists
 *   READ         R / /→a a a→b b b→c c                      R / /→a a a→b
 *   WRITE_INODE  R / /→a a a→b b b→c        W c             as READ: there is no inode to write
 *   WRITE_EDGE   R / /→a a a→b b            W b→c           R / /→a a       W a→b
 *
 * WRITE_EDGE takes the edge to the last name whether or not it exists. Where whole directories are
 * missing it takes the first missing edge, because everything that a recursive create makes hangs
 * on it. Creates in one directory write different edges and read one inode, so they run in
 * parallel. A rename, a delete or a change of permissions of a directory writes what everything
 * below it reads: it waits for operations below, and they wait for it.
 *
 * Directories and the rest have stripes of their own (Side of lock/lock-table.ts). WRITE_EDGE of a
 * directory takes the edge on both sides: as what is above others, and as a name.
 */
import { assert } from '../../base/assert.js';
import type { LockList } from '../lock/lock-list.js';
import { type LockTable, Side } from '../lock/lock-table.js';
import type { PathWalk } from './path-walk.js';

export function lockRead(walk: PathWalk, table: LockTable, list: LockList): void {
  readDown(walk, table, list, walk.next - 1);
  if (walk.next <= walk.depth)
    list.add(table.edgeStripe(walk.edgeHash(walk.next), Side.LEAF), false);
}

export function lockWriteInode(walk: PathWalk, table: LockTable, list: LockList): void {
  if (!walk.found) {
    lockRead(walk, table, list);
    return;
  }
  const last = walk.next - 1;
  assert(last <= walk.depth, 'a walk ends with its path');
  const side = sideOf(walk, last);
  readDown(walk, table, list, last - 1);
  if (last > 0) list.add(table.edgeStripe(walk.edgeHash(last), side), false);
  list.add(table.inodeStripe(walk.id(last), side), true);
}

export function lockWriteEdge(walk: PathWalk, table: LockTable, list: LockList): void {
  const edge = Math.min(walk.next, walk.depth);
  const hash = walk.edgeHash(edge);
  readDown(walk, table, list, edge - 1);
  list.add(table.edgeStripe(hash, Side.LEAF), true);
  if (edge < walk.next && walk.isDirectory(edge)) {
    list.add(table.edgeStripe(hash, Side.DIRECTORY), true);
  }
}

/** Read locks on nodes 0 … last and on the edges between them. */
function readDown(walk: PathWalk, table: LockTable, list: LockList, last: number): void {
  for (let node = 0; node <= last; node++) {
    const side = sideOf(walk, node);
    if (node > 0) list.add(table.edgeStripe(walk.edgeHash(node), side), false);
    list.add(table.inodeStripe(walk.id(node), side), false);
  }
}

const sideOf = (walk: PathWalk, node: number): Side =>
  walk.isDirectory(node) ? Side.DIRECTORY : Side.LEAF;
