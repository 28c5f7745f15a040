/**
 * reverseResolve: the path in the namespace of what a store's URI names, whether or not it exists.
 * An object that was renamed or deleted here keeps its key in the store, but has no path by it.
 * A read.
 */

import type { Executor } from '../../executor/executor.js';
import { SIDE_ORIGIN_BACK } from '../../memory/entry-format.js';
import { namespacePath } from '../../mount/mount-rules.js';
import { isUnder, relativeTo } from '../../mount/mount-table.js';
import { originKey } from '../../mount/store-path.js';
import { sideKey } from '../../storage/tier2.js';
import { invalid } from '../mechanism/failures.js';

export function reverseResolve(executor: Executor, uri: string): string {
  const path = namespacePath(executor.mounts.all(), uri);
  const mount = executor.mounts.deepest(path);
  if (mount === undefined || !isUnder(path, mount.path)) return path;
  const at = relativeTo(path, mount.path);
  if (at !== '' && hasMoved(executor, mount.mountId, at)) {
    const reason = `What ${uri} holds has another name in the namespace now.`;
    throw invalid(path, reason, 'It was renamed or deleted there; the store was left as it is.');
  }
  return path;
}

/** True when the store path, or a directory above it, belongs to an inode that was moved. */
function hasMoved(executor: Executor, mountId: number, at: string): boolean {
  executor.reader.renew();
  const names = at.split('/');
  return names.some((_name, i) => {
    const key = originKey(mountId, names.slice(0, i + 1).join('/'));
    return executor.reader.tier2.side.get(sideKey(SIDE_ORIGIN_BACK, key)) !== undefined;
  });
}
