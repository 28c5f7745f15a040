/** Shared by mount, unmount and updateMount. */

import type { StatusError } from '../../../base/status.js';
import type { Executor } from '../../executor/executor.js';
import type { LockList } from '../../lock/lock-list.js';
import { Side } from '../../lock/lock-table.js';
import { FLAG_MOUNT_POINT } from '../../memory/record.js';
import type { Mount } from '../../mount/mount-table.js';
import type { PathWalk } from '../../path/path-walk.js';
import { invalid } from './failures.js';

/** A reserved id that no inode has: its lock stands for the mount table. */
const MOUNT_TABLE_ID = 3;

/** Serialises changes of the mount table. */
export function lockMountTable(executor: Executor, locks: LockList): void {
  locks.add(executor.locks.inodeStripe(MOUNT_TABLE_ID, Side.DIRECTORY), true);
}

/** The mount whose root is the last node of the walk. */
export function requireMountPoint(executor: Executor, walk: PathWalk): Mount {
  const { depth } = walk;
  if (walk.found && (walk.flags(depth) & FLAG_MOUNT_POINT) !== 0) {
    const mount = executor.mounts.byId(walk.mountId(depth));
    if (mount !== undefined && mount.inodeId === walk.id(depth)) return mount;
  }
  throw notMountPoint(walk.text());
}

function notMountPoint(path: string): StatusError {
  const reason = `"${path}" is not a mount point.`;
  return invalid(path, reason, 'See `orchard mounts` for what is mounted.');
}
